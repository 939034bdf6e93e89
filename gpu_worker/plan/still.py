"""The first step of every clip made from a picture: decode it once, large enough for the closest view."""

from __future__ import annotations

from typing import NamedTuple

from contract.operations import Fit, Role
from gpu_worker.plan.camera import still_size
from gpu_worker.plan.facts import VideoFacts
from gpu_worker.plan.inputs import open_args
from gpu_worker.plan.picture import FLATTEN
from gpu_worker.plan.steps import IN_IMAGE, FrameSource, Means, Step

STILL = "still.yuv"

_UPRIGHT: dict[int, tuple[str, ...]] = {
    1: (), 2: ("hflip",), 3: ("hflip", "vflip"), 4: ("vflip",),
    5: ("transpose=cclock_flip",), 6: ("transpose=clock",), 7: ("transpose=clock_flip",), 8: ("transpose=cclock",),
}  # fmt: skip
"""What undoes each of EXIF's eight orientations."""


def still_step(image: VideoFacts, size: tuple[int, int], fit: Fit, means: Means) -> Step:
    """Write the picture as raw yuv420p, BT.709 limited range, at `camera.still_size(size)`.

    ffmpeg turns a JPEG upright (EXIF) before the first filter; the filters therefore measure the
    frame they get instead of relying on the size in the header.
    """
    width, height = still_size(size)
    own = image.codec != "mjpeg"
    filters = [*(_UPRIGHT[image.orientation] if own else ()), "setsar=1"]
    if image.has_alpha:
        filters += FLATTEN
    scale = _Scale(_scale_of(image), () if image.profile is None else image.profile.to_srgb())
    filters.append(_cover(width, height, scale) if fit is Fit.COVER else _contain(width, height, scale))
    args = (
        *(("-noautorotate",) if own else ()),
        *open_args(Role.IMAGE, IN_IMAGE, means.max_pixels),
        *("-map", "0:V:0", "-frames:v", "1", "-vf", ",".join(filters)),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-y", STILL),
    )
    return Step(args=args, seconds=0.0, decodes=Role.IMAGE)


def still_warnings(image: VideoFacts) -> tuple[str, ...]:
    """What a client may want to know about what was taken of the picture. A JPEG may hold more than it shows."""
    moves = image.frames > 1 and image.codec != "mjpeg"
    return ("The picture is animated; its first frame was used.",) if moves else ()


def frames_of_still(size: tuple[int, int], frames: int) -> FrameSource:
    """What feeds the encoder once `still_step` has run."""
    return FrameSource(path=STILL, still_size=still_size(size), size=size, frames=frames)


def parse_size(size: str) -> tuple[int, int]:
    """`1920x1080` as numbers; the contract has checked it."""
    width, height = size.split("x")
    return int(width), int(height)


def _scale_of(image: VideoFacts) -> str:
    """The filter that brings the picture to size and to BT.709, without its width and height.

    zimg is nearer to a float Lanczos than swscale at its most accurate (56.0 against 55.2 dB over a
    zoom) at 0.6 times the cost, but wants to be told what swscale guesses: it gets the usual photo
    only, whose decoder states everything.
    """
    # zimg refuses subsampled planes that an odd side does not divide into.
    if image.codec == "mjpeg" and image.pix_fmt.startswith("yuv") and not (image.width % 2 or image.height % 2):
        return "zscale=filter=lanczos:matrix=709:range=limited"
    return "scale=flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"


class _Scale(NamedTuple):
    """How the picture gets its size: a filter that lacks width and height, and what follows it in 4:4:4."""

    filter: str
    colours: tuple[str, ...]


def _scaled(scale: _Scale, width: str, height: str, placed: str) -> str:
    """Scale, then place in the still. 4:4:4 between the two: in 4:2:0 a place would be rounded to two pixels."""
    size = f"{scale.filter}:w='{width}':h='{height}'"
    # A colour at the border of what sRGB has is moved by several steps for one in what it is made from.
    depth = "yuv444p16le" if scale.colours else "yuv444p"
    return ",".join((size, "setsar=1", f"format={depth}", *scale.colours, placed, "format=yuv420p"))


def _nearest_even(value: str) -> str:
    """The nearest even number; halfway, the lower one. Even, so that what stands over is cut alike on both sides."""
    return f"ceil({value}/2-0.5)*2"


def _cover(width: int, height: int, scale: _Scale) -> str:
    # Cropping first keeps a panorama from being enlarged whole. It leaves a little too much, the
    # same on both sides, and the rest is cut after scaling, where one pixel is small: cropping a
    # 10-pixel-wide picture to whole pixels would stretch it by a tenth.
    crop = (
        f"crop=w='iw-2*max(0,floor((iw-ceil(ih*{width}/{height})-4)/2))'"
        f":h='ih-2*max(0,floor((ih-ceil(iw*{height}/{width})-4)/2))':exact=1"
    )
    factor = f"max({width}/iw,{height}/ih)"
    scaled = _scaled(
        scale,
        f"max({width},{_nearest_even(f'iw*{factor}')})",
        f"max({height},{_nearest_even(f'ih*{factor}')})",
        f"crop={width}:{height}",
    )
    return f"{crop},{scaled}"


def _contain(width: int, height: int, scale: _Scale) -> str:
    factor = f"min({width}/iw,{height}/ih)"
    return _scaled(
        scale,
        f"max(2,min({width},{_nearest_even(f'iw*{factor}')}))",
        f"max(2,min({height},{_nearest_even(f'ih*{factor}')}))",
        f"pad={width}:{height}:-1:-1:black",
    )
