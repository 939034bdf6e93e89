"""Which encoder this process uses: NVENC if it really encodes here, else libx264.

A build that lists `h264_nvenc` proves nothing: the driver may be missing, the container may lack
its video capability, and some data-centre GPUs have no encoder at all. So a few frames are encoded
with the options that jobs use.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from gpu_worker.plan.encode import encoder_args
from gpu_worker.plan.steps import Encoder
from gpu_worker.run import RunFailed, run_ffmpeg

_TIMEOUT_SECONDS = 20.0
_TEST_PICTURE = ("-f", "lavfi", "-i", "color=c=gray:s=320x256:r=24:d=0.25")
"""NVENC refuses pictures below about 150 pixels; a refusal for that would say nothing about the GPU."""

_known: dict[str, Encoder] = {}


async def choose_encoder(ffmpeg: str) -> Encoder:
    """Return the encoder for this process; tried once per ffmpeg, then remembered."""
    if ffmpeg not in _known:
        _known[ffmpeg] = Encoder.NVENC if await _encodes(ffmpeg, Encoder.NVENC) else Encoder.X264
    return _known[ffmpeg]


async def _encodes(ffmpeg: str, encoder: Encoder) -> bool:
    args = (*_TEST_PICTURE, *encoder_args(encoder, 1), "-f", "null", "-")
    try:
        await run_ffmpeg(ffmpeg, args, Path(tempfile.gettempdir()), timeout=_TIMEOUT_SECONDS)
    except (RunFailed, TimeoutError, OSError):
        return False
    return True
