"""Drawing one frame of a zooming still at exact sub-pixel positions.

ffmpeg's own zoom filter places its window on whole pixels, which is seen as trembling. Both
libraries here take a window of real numbers and work plane by plane in the encoder's own format,
so that no color conversion happens per frame. They see only pictures that ffmpeg has decoded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence

from gpu_worker.plan.model import FrameSource

Plane = bytes | memoryview
Draw = Callable[[int], Sequence[Plane]]
"""Frame number, from 0, to the three planes of a yuv420p picture. Called from several threads at once."""


def open_resampler(still: bytes, source: FrameSource) -> Draw:
    """Return what draws the frames of `source`. `still` is one raw yuv420p picture of `source.still_size`.

    VapourSynth does it in less than half the time of the other, but has no build for Python 3.11.
    """
    if importlib.util.find_spec("vapoursynth") is not None:
        from gpu_worker.frames.vapoursynth import open_vapour  # noqa: PLC0415 - only jobs with a still pay for it

        return open_vapour(still, source)
    from gpu_worker.frames.fast_image_resize import open_cykooz  # noqa: PLC0415

    return open_cykooz(still, source)


def plane_sizes(size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Width and height of the Y, U and V planes of a yuv420p picture of an even size."""
    width, height = size
    return (width, height), (width // 2, height // 2), (width // 2, height // 2)
