"""Draw the frames of a zoom into a still at exact sub-pixel positions.

ffmpeg's own zoom filter places its window on whole pixels, which is visible as jitter. Both libraries used here take
a window of real numbers and work plane by plane in the encoder's format, so no color conversion happens per frame. They
get raw pixels only, never untrusted files.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence

from gpu_worker.plan.model import FrameSource

Plane = bytes | memoryview
Draw = Callable[[int], Sequence[Plane]]
"""Takes a frame number, from 0, and returns the three planes of a yuv420p picture. Must be thread-safe."""


def open_resampler(still: bytes, source: FrameSource) -> Draw:
    """Return the function that draws the frames of `source`. `still` is one raw yuv420p picture of `source.still_size`.

    VapourSynth takes less than half the time of cykooz.resizer, but has no build for Python 3.11.
    """
    if importlib.util.find_spec("vapoursynth") is not None:
        from gpu_worker.frames.vapoursynth import open_vapour  # noqa: PLC0415 - only jobs with a still need it

        return open_vapour(still, source)
    from gpu_worker.frames.fast_image_resize import open_cykooz  # noqa: PLC0415

    return open_cykooz(still, source)


def plane_sizes(size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the width and height of the Y, U and V planes of a yuv420p picture of an even size."""
    width, height = size
    return (width, height), (width // 2, height // 2), (width // 2, height // 2)
