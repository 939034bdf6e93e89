"""Scale a picture once to the size of the closest view: the first step of every clip made from a picture."""

from __future__ import annotations

import math

from contract.operations import Fit
from contract.options.picture import SceneLook
from gpu_worker.media.info import PhotoInfo
from gpu_worker.plan.input_args import PROTOCOL_ARGS
from gpu_worker.plan.model import Step, local_name, pixels_name
from gpu_worker.plan.still.background import blurred_background, colored_background
from gpu_worker.plan.still.motion import canvas_size


def canvas_name(field: str) -> str:
    """Return the name of the file with the scaled picture of an input."""
    return f"{local_name(field)}.yuv"


_SCALE = "scale=flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"
"""As close to a float Lanczos as zimg (57.5 dB for a photo) at three quarters of its cost: pixels are packed RGB."""


def canvas_step(image: PhotoInfo, field: str, look: SceneLook) -> Step:
    """Return the step that writes the picture as raw yuv420p, BT.709 limited range, at `canvas_size(look)`."""
    size = f"{image.width}x{image.height}"
    args = (
        *PROTOCOL_ARGS,
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size, "-i", pixels_name(field)),
        *_graph_args(image, look),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-y", canvas_name(field)),
    )
    return Step(args=args, seconds=0.0, decoded_field=field)


def _graph_args(image: PhotoInfo, look: SceneLook) -> tuple[str, ...]:
    canvas = canvas_size(look)
    shown = _contained_size(image, canvas)
    if look.fit is Fit.COVER or shown == canvas:
        filters = _cover_filters(image, canvas) if look.fit is Fit.COVER else _scale_filters(shown)
        return "-map", "0:v:0", "-frames:v", "1", "-vf", ",".join((*filters, "format=yuv420p"))
    picture = "[0:v:0]" + ",".join(_scale_filters(shown))
    if look.fit is Fit.BLUR:
        graph = blurred_background(picture, shown, canvas)
    else:
        graph = colored_background(picture, look.background, canvas)
    return "-map", "[canvas]", "-frames:v", "1", "-filter_complex", f"{graph},format=yuv420p[canvas]"


def _cover_filters(image: PhotoInfo, canvas: tuple[int, int]) -> tuple[str, ...]:
    # Cropping first avoids enlarging a whole panorama. It leaves a little too much, the same on both sides; the rest is
    # cropped after scaling, where one pixel is small: cropping a 10-pixel-wide picture to whole pixels would stretch it
    # by a tenth.
    width, height = canvas
    kept_width = _pixels_to_keep(image.width, math.ceil(image.height * width / height))
    kept_height = _pixels_to_keep(image.height, math.ceil(image.width * height / width))
    factor = max(width / kept_width, height / kept_height)
    scaled = max(width, _nearest_even(kept_width * factor)), max(height, _nearest_even(kept_height * factor))
    crop = f"crop=w={kept_width}:h={kept_height}:exact=1"
    return crop, *_scale_filters(scaled), f"crop={width}:{height}"


def _contained_size(image: PhotoInfo, canvas: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the whole picture in the canvas."""
    width, height = canvas
    factor = min(width / image.width, height / image.height)
    return (
        max(2, min(width, _nearest_even(image.width * factor))),
        max(2, min(height, _nearest_even(image.height * factor))),
    )


def _scale_filters(size: tuple[int, int]) -> tuple[str, ...]:
    """Scale. 4:4:4 for what follows: in 4:2:0 a position would be rounded to two pixels."""
    return f"{_SCALE}:w={size[0]}:h={size[1]}", "setsar=1", "format=yuv444p"


def _pixels_to_keep(side: int, needed: int) -> int:
    """Return the pixels of a side to keep: 2 more than needed at each end, plus what makes both ends equal."""
    return side - 2 * max(0, (side - needed - 4) // 2)


def _nearest_even(value: float) -> int:
    """Return the nearest even number, the lower one if two are equally near. Even, so that the crop is symmetric."""
    return math.ceil(value / 2 - 0.5) * 2
