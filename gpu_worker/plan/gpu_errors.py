"""What ffmpeg's log says about a GPU that did not do its part.

The phrases are those of ffmpeg's `nvenc.c`, `nvdec.c` and `hwcontext_cuda.c`, the same from 5.1 to 9;
the numbers behind some are NVENC's and CUDA's own error codes. What ffmpeg 6 and later append
(`Task finished with error code: -22`) names no cause and is not read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from gpu_worker.plan.gpu import PARTS, Part, Reason


class Fault(NamedTuple):
    """Which parts of the work a GPU failed at, and why."""

    parts: Collection[Part]
    reason: Reason


_FRAMES = (Part.DECODE, Part.DRAW)
_ENCODE = (Part.ENCODE,)
_DECODE = (Part.DECODE,)
_DRAW = (Part.DRAW,)

_PHRASES: tuple[tuple[str, Fault], ...] = (
    ("Cannot load libcuda.so", Fault(PARTS, Reason.NO_DRIVER)),
    ("CUDA_ERROR_NO_DEVICE", Fault(PARTS, Reason.NO_DEVICE)),
    ("No CUDA capable devices found", Fault(PARTS, Reason.NO_DEVICE)),
    ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", Fault(PARTS, Reason.OLD_DRIVER)),
    ("cuInit(0) failed", Fault(PARTS, Reason.DRIVER)),
    ("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", Fault(_DRAW, Reason.OLD_DRIVER)),
    ("CUDA_ERROR_NO_BINARY_FOR_GPU", Fault(_DRAW, Reason.OLD_DRIVER)),
    ("Driver does not support the required nvenc API version", Fault(_ENCODE, Reason.OLD_DRIVER)),
    ("Cannot load libnvidia-encode.so", Fault(_ENCODE, Reason.NO_CAPABILITY)),
    ("Cannot load libnvcuvid.so", Fault(_DECODE, Reason.NO_CAPABILITY)),
    ("Unknown encoder 'h264_nvenc'", Fault(_ENCODE, Reason.BUILD)),
    ("No such filter: 'scale_cuda'", Fault(_DRAW, Reason.BUILD)),
    ("No such filter: 'overlay_cuda'", Fault(_DRAW, Reason.BUILD)),
    ('Invalid device specification "cuda', Fault(_FRAMES, Reason.BUILD)),
    # Drivers of consumer cards grant a few sessions for the whole machine; this is how they refuse one more.
    ("OpenEncodeSessionEx failed: out of memory (10)", Fault(_ENCODE, Reason.NO_SESSION)),
    ("OpenEncodeSessionEx failed: incompatible client key (21)", Fault(_ENCODE, Reason.NO_SESSION)),
    # A100, H100 and H200 have no encoder; some drivers also say so of one GPU out of several in a container.
    ("OpenEncodeSessionEx failed: unsupported device (2)", Fault(_ENCODE, Reason.NO_ENCODER)),
    ("OpenEncodeSessionEx failed: no encode device (1)", Fault(_ENCODE, Reason.NO_ENCODER)),
    ("Frame Dimension less than the minimum supported value", Fault(_ENCODE, Reason.PICTURE)),
    ("CreateInputBuffer failed: out of memory (10)", Fault(_ENCODE, Reason.NO_MEMORY)),
    ("CreateBitstreamBuffer failed: out of memory (10)", Fault(_ENCODE, Reason.NO_MEMORY)),
    ("No capable devices found", Fault(_ENCODE, Reason.NO_ENCODER)),
    ("No decoder surfaces left", Fault(_DECODE, Reason.NO_MEMORY)),
    (
        "params) failed -> CUDA_ERROR_OUT_OF_MEMORY",
        Fault(_DECODE, Reason.NO_MEMORY),
    ),
    ("CUDA_ERROR_OUT_OF_MEMORY", Fault(PARTS, Reason.NO_MEMORY)),
    ("Hardware is lacking required capabilities", Fault(_DECODE, Reason.PICTURE)),
    ("hwaccel initialisation returned error", Fault(_DECODE, Reason.PICTURE)),
    # A decoder that cannot be had on the GPU is replaced without a word, and its frames do not fit the filters.
    ("Impossible to convert between the formats supported by the filter", Fault(_DECODE, Reason.PICTURE)),
    ("cvdl->cuvid", Fault(_DECODE, Reason.UNKNOWN)),
    ("[Parsed_scale_cuda", Fault(_DRAW, Reason.UNKNOWN)),
    ("[Parsed_overlay_cuda", Fault(_DRAW, Reason.UNKNOWN)),
    ("[Parsed_hwupload", Fault(_DRAW, Reason.UNKNOWN)),
    ("Device creation failed", Fault(_FRAMES, Reason.UNKNOWN)),
    ("[h264_nvenc @", Fault(_ENCODE, Reason.UNKNOWN)),
)
"""In order: a log holds the cause before what follows from it, and a follower is read only without its cause."""


def fault_in(log: str) -> Fault | None:
    """The fault a log tells of; None if it speaks of no GPU."""
    return next((fault for phrase, fault in _PHRASES if phrase in log), None)
