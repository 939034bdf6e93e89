"""Draw a picture over every frame of a video: its place, and its conversion to what ffmpeg's `overlay` blends."""

from __future__ import annotations

from dataclasses import dataclass

from contract.options.picture.watermark import WATERMARK, WatermarkOptions
from contract.options.picture.watermark import Watermark as Request
from gpu_worker.media.info import PhotoInfo
from gpu_worker.plan.input_args import PROTOCOL_ARGS
from gpu_worker.plan.model import Inputs, Step, local_name, pixels_name
from gpu_worker.plan.picture.placement import even_below, nearest_even

_FILE = f"{local_name(WATERMARK)}.yuva"
_ALIGNED = {"left": 0, "top": 0, "center": 1, "middle": 1, "right": 2, "bottom": 2}
"""Halves of the free space before the picture, by the words in names of positions."""

_TO_YUV = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp:out_color_matrix=bt709:out_range=tv,format=yuva444p"


_TAGGED = "setparams=range=tv:colorspace=bt709"
"""Of pictures whose tags differ, ffmpeg would convert one."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """A picture, the size that it gets, and its place in the frame; all even, as 4:2:0 requires."""

    source: tuple[int, int]
    size: tuple[int, int]
    position: tuple[int, int]
    opacity: float = 1.0


def requested_watermark(options: WatermarkOptions, inputs: Inputs, frame: tuple[int, int]) -> Watermark | None:
    """Return the watermark that a request asks for, in frames of the size `frame`; None if it asks for none."""
    photo = inputs.photos.get(WATERMARK)
    if options.overlay is None or photo is None:
        return None
    return place_watermark(options.overlay, photo, frame)


def place_watermark(request: Request, photo: PhotoInfo, frame: tuple[int, int]) -> Watermark:
    """Return a picture in its place. It becomes smaller if it would not fit between the margins."""
    short = min(frame)
    margin = short * request.margin / 100
    free = [side - 2 * margin for side in frame]
    width = min(short * request.size / 100, free[0], free[1] * photo.width / photo.height)
    height = width * photo.height / photo.width
    size = min(nearest_even(width), frame[0]), min(nearest_even(height), frame[1])
    row, column = request.position.split("_")
    left, top = (
        _place(side, part, margin, _ALIGNED[word]) for side, part, word in zip(frame, size, (column, row), strict=True)
    )
    return Watermark((photo.width, photo.height), size, (left, top), request.opacity)


def _place(side: int, part: int, margin: float, halves: int) -> int:
    """Return the even position of a part of a side, not outside it."""
    place = (margin, (side - part) / 2, side - margin - part)[halves]
    return min(max(0, nearest_even(place) if place >= 1 else 0), even_below(side - part))


def watermark_step(watermark: Watermark) -> Step:
    """Return the step that writes the picture as raw yuva420p, BT.709 limited range, at its size.

    Colors are weighted by opacity while they are scaled, or those of transparent pixels would tint the edges. The
    chroma planes are scaled by themselves for the same reason: in 4:2:0 one sample colors four pixels.
    """
    width, height = watermark.size
    graph = (
        "[0:v:0]format=gbrap,premultiply=inplace=1,split[luma][chroma];"
        f"[luma]{_scaled(width, height)},extractplanes=y+a[y][a];"
        f"[chroma]{_scaled(width // 2, height // 2)},extractplanes=u+v[u][v];"
        f"[y][u][v][a]mergeplanes=0x00102030:yuva420p,lutyuv=a=val*{watermark.opacity:g}[picture]"
    )
    source = f"{watermark.source[0]}x{watermark.source[1]}"
    pixels = pixels_name(WATERMARK, has_alpha=True)
    args = (
        *PROTOCOL_ARGS,
        *("-f", "rawvideo", "-pixel_format", "rgba", "-video_size", source, "-i", pixels),
        *("-filter_complex", graph, "-map", "[picture]", "-frames:v", "1"),
        *("-f", "rawvideo", "-pix_fmt", "yuva420p", "-y", _FILE),
    )
    return Step(args=args, seconds=0.0, decoded_field=WATERMARK)


def _scaled(width: int, height: int) -> str:
    return f"zscale=w={width}:h={height}:filter=lanczos,unpremultiply=inplace=1,{_TO_YUV}"


def watermark_chain(chain: str, watermark: Watermark | None) -> str:
    """Return the chain with the watermark drawn over its frames, which are yuv420p. It has no labels at its ends.

    A source in the graph, not an input of the command: ffmpeg rebuilds the graph when the video's parameters change
    midway, and would have no second frame of an input. It begins before the video, and is repeated to its end. Its
    clock ticks so seldom that the times of the video's frames stay exact.
    """
    if watermark is None:
        return chain
    (width, height), (left, top) = watermark.size, watermark.position
    opening = rf"format_name=rawvideo:format_opts='pixel_format=yuva420p\:video_size={width}x{height}'"
    return (
        f"{f'{chain},' if chain else ''}{_TAGGED}[unmarked];"
        f"movie=filename={_FILE}:{opening},{_TAGGED},settb=1,setpts=-1[watermark];"
        f"[unmarked][watermark]overlay={left}:{top}:format=yuv420:eof_action=repeat"
    )
