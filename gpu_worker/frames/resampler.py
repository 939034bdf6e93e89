"""Draw views of a canvas at exact sub-pixel positions.

ffmpeg's own zoom filter places its window on whole pixels, which is visible as jitter. Both libraries used here take
a window of real numbers and work plane by plane in the encoder's format, so no color conversion happens per frame. They
get raw pixels only, never untrusted files.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence

from gpu_worker.plan.frame_source import Box

Plane = bytes | memoryview
DrawView = Callable[[Box], Sequence[Plane]]
"""Takes a view of the canvas and returns the three planes of a yuv420p picture. Must be thread-safe."""


def open_resampler(canvas: bytes, canvas_size: tuple[int, int], size: tuple[int, int]) -> DrawView:
    """Return the function that draws views of `canvas`, one raw yuv420p picture, as pictures of `size`.

    A view of the whole canvas at its own size is the canvas. VapourSynth takes less than half the time of
    cykooz.resizer, but has no build for Python 3.11.
    """
    whole = Box(0, 0, *canvas_size)
    copy = split_planes(canvas, size) if canvas_size == size else ()
    if importlib.util.find_spec("vapoursynth") is not None:
        from gpu_worker.frames.vapoursynth import open_vapour  # noqa: PLC0415 - only jobs with a picture need it

        resample = open_vapour(canvas, canvas_size, size)
    else:
        from gpu_worker.frames.fast_image_resize import open_cykooz  # noqa: PLC0415

        resample = open_cykooz(canvas, canvas_size, size)
    return lambda box: copy if copy and box == whole else resample(box)


def split_planes(picture: bytes, size: tuple[int, int]) -> tuple[memoryview, ...]:
    """Return the planes of a yuv420p picture without copying them."""
    planes, start = [], 0
    for width, height in plane_sizes(size):
        planes.append(memoryview(picture)[start : start + width * height])
        start += width * height
    return tuple(planes)


def plane_sizes(size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the width and height of the Y, U and V planes of a yuv420p picture of an even size."""
    width, height = size
    return (width, height), (width // 2, height // 2), (width // 2, height // 2)
