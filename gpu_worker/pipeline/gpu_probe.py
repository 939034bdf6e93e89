"""What the GPU of this machine really does, found out by having it do it.

A build that lists `h264_nvenc` proves nothing: the driver may be missing, the container may lack
its video capability, and some data-centre GPUs have no encoder at all. So a short clip is captioned
with the very command lines that jobs use, first all of it on the GPU, then part by part.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from fractions import Fraction
from pathlib import Path
from weakref import WeakKeyDictionary

from gpu_worker.ffmpeg.run import MemoryLimitExceeded, RunFailed, run_ffmpeg
from gpu_worker.media.info import Color, Cue, VideoFacts
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.gpu_errors import GpuError, classify_gpu_error
from gpu_worker.plan.model import IN_VIDEO, PlanOptions
from gpu_worker.plan.render import Overlay, render_video
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.command import chown_to_sandbox_user
from gpu_worker.sandbox.workdir import temporary_workdir

_TIMEOUT_SECONDS = 20.0
_TRUSTED_SECONDS = 60.0
"""How long a refusal counts that may pass, such as all encoder sessions being in use."""

_FRAMES, _RATE = 6, 24
_CLIP = VideoFacts(
    codec="h264",
    # Below 160 NVENC refuses, which would say nothing about the GPU.
    width=320,
    height=256,
    frames=_FRAMES,
    start=Fraction(0),
    end=Fraction(_FRAMES, _RATE),
    frame_rate=Fraction(_RATE),
    color=Color("bt709", "bt709", "bt709"),
    packet_times=array("q", range(_FRAMES)),
    time_base=Fraction(1, _RATE),
)
_CLIP_ARGS = (
    *("-f", "lavfi", "-i", f"testsrc2=s=320x256:r={_RATE}:d={_FRAMES / _RATE}", "-pix_fmt", "yuv420p"),
    *("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-f", "mp4", "-y", IN_VIDEO),
)
_CUES = (Cue(100, 200, "."),)

_known: dict[str, tuple[Gpu, float]] = {}
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def find_gpu(ffmpeg: str) -> Gpu:
    """Return what the GPU does for this ffmpeg; tried once per process, or again once a passing refusal may be over."""
    async with _locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        gpu, until = _known.get(ffmpeg, (Gpu(), -math.inf))
        if time.monotonic() >= until:
            gpu = await _tried(ffmpeg)
            lasting = all(reason.is_lasting for reason in gpu.missing.values())
            _known[ffmpeg] = gpu, math.inf if lasting else time.monotonic() + _TRUSTED_SECONDS
        return gpu


async def _tried(ffmpeg: str) -> Gpu:
    with temporary_workdir() as directory:
        # A device may be there for root only.
        chown_to_sandbox_user(directory, Path(ffmpeg))
        try:
            await run_ffmpeg(ffmpeg, _CLIP_ARGS, directory, timeout=_TIMEOUT_SECONDS)
        except (RunFailed, MemoryLimitExceeded, TimeoutError, OSError):
            return Gpu().disabling(ALL_STAGES, UnavailableReason.UNKNOWN)
        fault = await _fault(ffmpeg, directory, Gpu())
        if fault is None:
            return Gpu()
        if len(fault.parts) == len(ALL_STAGES):
            return Gpu().disabling(*fault)
        alone = Gpu()
        for part in (GpuStage.ENCODE, GpuStage.DECODE):
            others = Gpu().disabling(ALL_STAGES - {part}, UnavailableReason.UNKNOWN)
            found = await _fault(ffmpeg, directory, others)
            if found is not None:
                alone = alone.disabling((part,), found.reason)
        # If each works alone, what is left to blame is what they need only together.
        return alone if alone.missing else alone.disabling((GpuStage.DRAW,), fault.reason)


async def _fault(ffmpeg: str, directory: Path, gpu: Gpu) -> GpuError | None:
    """Caption the clip with what this GPU is said to do; None if that works."""
    plan = render_video(_CLIP, Overlay(cues=_CUES), PlanOptions(gpu=gpu, threads=1))
    for name, text in plan.files.items():
        safe_open.write(directory / name, text)
    try:
        for step in plan.steps:
            await run_ffmpeg(ffmpeg, step.args, directory, timeout=_TIMEOUT_SECONDS)
    except RunFailed as failure:
        return classify_gpu_error(failure.log) or GpuError((), UnavailableReason.UNKNOWN)
    except TimeoutError:
        return GpuError(ALL_STAGES, UnavailableReason.SILENT)
    except (MemoryLimitExceeded, OSError):
        return GpuError(ALL_STAGES, UnavailableReason.UNKNOWN)
    return None
