"""Resample frames with VapourSynth, whose resizer is zimg."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import vapoursynth as vs

from gpu_worker.frames.resampler import DrawView, Plane, plane_sizes
from gpu_worker.plan.frame_source import Box

_SHARPNESS = 0.65
"""Keys' cubic kernel with a steeper edge than the usual 0.5: closer to Lanczos, at two thirds of its cost.

Luma PSNR against a float Lanczos render: 55.2 dB at 0.5, 55.8 dB at 0.65. Only 0.5 keeps a linear ramp exactly: the
picture jitters by 0.013 pixels from frame to frame at 0.75, and by 0.010 at 0.65.
"""

_CHROMA = "bilinear"
"""Takes 0.4 ms of 3.7 ms per frame less than the cubic; 0.5 to 1 dB further from a float Lanczos: 54.0 to 52.2 dB."""

_CACHE_MIB = 64
"""Size of the cache, of which only the canvas is used twice. The default is a share of the host's memory."""


def open_vapour(canvas: bytes, canvas_size: tuple[int, int], size: tuple[int, int]) -> DrawView:
    """Load the canvas once; each view is then resized separately."""
    core = vs.core.core
    core.max_cache_size = _CACHE_MIB
    clip = _clip(canvas, canvas_size)
    width, height = size

    def draw(box: Box) -> Sequence[Plane]:
        resized = clip.resize.Bicubic(
            width,
            height,
            src_left=box.left,
            src_top=box.top,
            src_width=box.right - box.left,
            src_height=box.bottom - box.top,
            filter_param_a=0,
            filter_param_b=_SHARPNESS,
            resample_filter_uv=_CHROMA,
        )
        frame = resized.get_frame(0)
        return [_to_bytes(frame[plane]) for plane in range(3)]

    return draw


def _clip(canvas: bytes, size: tuple[int, int]) -> vs.VideoNode:
    width, height = size
    blank = vs.core.std.BlankClip(width=width, height=height, format=vs.YUV420P8, length=1, keep=True)
    frame = blank.get_frame(0).copy()
    start = 0
    for plane, (columns, rows) in enumerate(plane_sizes(size)):
        # Rows are padded for SIMD, and Python cannot write to a memoryview of two dimensions.
        target, stride = frame.get_write_ptr(plane).value or 0, frame.get_stride(plane)
        for row in range(rows):
            ctypes.memmove(target + row * stride, canvas[start : start + columns], columns)
            start += columns
    return vs.core.std.ModifyFrame(blank, blank, lambda n, f: frame)  # noqa: ARG005 - called with these names


def _to_bytes(plane: vs.VideoFrame) -> Plane:
    view = memoryview(plane)
    return view.cast("B") if view.contiguous else view.tobytes()
