"""Classify GPU errors by what ffmpeg logs.

The phrases are those of ffmpeg's `nvenc.c`, `nvdec.c` and `hwcontext_cuda.c`, the same from 5.1 to 9; the numbers in
some are error codes of NVENC and CUDA. What ffmpeg 6 and later append (`Task finished with error code: -22`) names no
cause and is not read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from gpu_worker.plan.gpu import ALL_STAGES, GpuStage, UnavailableReason


class GpuError(NamedTuple):
    """The stages that a GPU failed at, and the reason. `stages` is empty if the log does not name them."""

    stages: Collection[GpuStage]
    reason: UnavailableReason


_FRAMES = (GpuStage.DECODE, GpuStage.DRAW)
_ENCODE = (GpuStage.ENCODE,)
_DECODE = (GpuStage.DECODE,)
_DRAW = (GpuStage.DRAW,)

_PHRASES: tuple[tuple[str, GpuError], ...] = (
    ("Cannot load libcuda.so", GpuError(ALL_STAGES, UnavailableReason.NO_DRIVER)),
    ("CUDA_ERROR_NO_DEVICE", GpuError(ALL_STAGES, UnavailableReason.NO_DEVICE)),
    ("No CUDA capable devices found", GpuError(ALL_STAGES, UnavailableReason.NO_DEVICE)),
    ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", GpuError(ALL_STAGES, UnavailableReason.OLD_DRIVER)),
    ("cuInit(0) failed", GpuError(ALL_STAGES, UnavailableReason.DRIVER)),
    ("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", GpuError(_DRAW, UnavailableReason.OLD_DRIVER)),
    ("CUDA_ERROR_NO_BINARY_FOR_GPU", GpuError(_DRAW, UnavailableReason.OLD_DRIVER)),
    ("Driver does not support the required nvenc API version", GpuError(_ENCODE, UnavailableReason.OLD_DRIVER)),
    ("Cannot load libnvidia-encode.so", GpuError(_ENCODE, UnavailableReason.NO_CAPABILITY)),
    ("Cannot load libnvcuvid.so", GpuError(_DECODE, UnavailableReason.NO_CAPABILITY)),
    ("Unknown encoder 'h264_nvenc'", GpuError(_ENCODE, UnavailableReason.BUILD)),
    ("No such filter: 'scale_cuda'", GpuError(_DRAW, UnavailableReason.BUILD)),
    ("No such filter: 'overlay_cuda'", GpuError(_DRAW, UnavailableReason.BUILD)),
    ('Invalid device specification "cuda', GpuError(_FRAMES, UnavailableReason.BUILD)),
    # Drivers of consumer cards grant a few sessions per host; this is how they refuse one more.
    ("OpenEncodeSessionEx failed: out of memory (10)", GpuError(_ENCODE, UnavailableReason.NO_SESSION)),
    ("OpenEncodeSessionEx failed: incompatible client key (21)", GpuError(_ENCODE, UnavailableReason.NO_SESSION)),
    # A100, H100 and H200 have no encoder; some drivers also report this for one of several GPUs in a container.
    ("OpenEncodeSessionEx failed: unsupported device (2)", GpuError(_ENCODE, UnavailableReason.NO_ENCODER)),
    ("OpenEncodeSessionEx failed: no encode device (1)", GpuError(_ENCODE, UnavailableReason.NO_ENCODER)),
    ("Frame Dimension less than the minimum supported value", GpuError(_ENCODE, UnavailableReason.PICTURE)),
    ("CreateInputBuffer failed: out of memory (10)", GpuError(_ENCODE, UnavailableReason.NO_MEMORY)),
    ("CreateBitstreamBuffer failed: out of memory (10)", GpuError(_ENCODE, UnavailableReason.NO_MEMORY)),
    ("No capable devices found", GpuError(_ENCODE, UnavailableReason.NO_ENCODER)),
    ("No decoder surfaces left", GpuError(_DECODE, UnavailableReason.NO_MEMORY)),
    ("params) failed -> CUDA_ERROR_OUT_OF_MEMORY", GpuError(_DECODE, UnavailableReason.NO_MEMORY)),
    ("CUDA_ERROR_OUT_OF_MEMORY", GpuError(ALL_STAGES, UnavailableReason.NO_MEMORY)),
    ("Hardware is lacking required capabilities", GpuError(_DECODE, UnavailableReason.PICTURE)),
    ("hwaccel initialisation returned error", GpuError(_DECODE, UnavailableReason.PICTURE)),
    # ffmpeg replaces a missing GPU decoder silently, and then the frames do not fit the filters.
    ("Impossible to convert between the formats supported by the filter", GpuError(_DECODE, UnavailableReason.PICTURE)),
    ("cvdl->cuvid", GpuError(_DECODE, UnavailableReason.UNKNOWN)),
    ("[Parsed_scale_cuda", GpuError(_DRAW, UnavailableReason.UNKNOWN)),
    ("[Parsed_overlay_cuda", GpuError(_DRAW, UnavailableReason.UNKNOWN)),
    ("[Parsed_hwupload", GpuError(_DRAW, UnavailableReason.UNKNOWN)),
    ("Device creation failed", GpuError(_FRAMES, UnavailableReason.UNKNOWN)),
    ("[h264_nvenc @", GpuError(_ENCODE, UnavailableReason.UNKNOWN)),
)
"""In order of precedence: match root causes before their consequences."""


def classify_gpu_error(log: str) -> GpuError | None:
    """Return the error that a log of ffmpeg reports; None if the log mentions no GPU."""
    return next((error for phrase, error in _PHRASES if phrase in log), None)
