"""Find out which stages of the work this machine's GPU supports, by running them on it.

A build that lists `h264_nvenc` proves nothing: the driver may be missing, the container may lack its video capability,
and some data-center GPUs have no encoder. So a short clip is captioned with the command lines that jobs use, first all
of it on the GPU, then stage by stage.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import time
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from gpu_worker.concurrency import run_all
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.media.info import Color, Cue, VideoFacts
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.gpu_errors import GpuError, classify_gpu_error
from gpu_worker.plan.model import IN_VIDEO, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.render import render_video
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.output import read_lines
from gpu_worker.sandbox.process import MemoryLimitExceeded, sandboxed_process
from gpu_worker.sandbox.workdir import temporary_workdir

_FRAMES, _RATE = 6, 24
_CLIP = VideoFacts(
    codec="h264",
    # Below 160 pixels NVENC refuses, which would say nothing about the GPU.
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
_NAME_TIMEOUT_SECONDS = 10.0


class GpuProbe:
    """Probes the GPU once, and again when a temporary failure, such as all encoder sessions in use, may have passed.

    `timeout` limits each run of ffmpeg; a temporary failure is trusted for `trusted_seconds` of `clock`.
    """

    def __init__(
        self, *, timeout: float = 20.0, trusted_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._timeout = timeout
        self._trusted_seconds = trusted_seconds
        self._clock = clock
        self._gpu = Gpu()
        self._expires = -math.inf
        self._lock = asyncio.Lock()

    async def find_gpu(self, ffmpeg: Ffmpeg) -> Gpu:
        """Return the stages that the GPU supports with this ffmpeg, and the reasons against the others."""
        async with self._lock:
            if self._clock() >= self._expires:
                self._gpu = await self._probe(ffmpeg)
                is_lasting = all(reason.is_lasting for reason in self._gpu.missing.values())
                self._expires = math.inf if is_lasting else self._clock() + self._trusted_seconds
            return self._gpu

    async def _probe(self, ffmpeg: Ffmpeg) -> Gpu:
        with temporary_workdir() as directory:
            # A GPU device may be accessible to root only.
            ffmpeg.sandbox.chown_to_sandbox_user(directory, Path(ffmpeg.path))
            try:
                await run_ffmpeg(ffmpeg, _CLIP_ARGS, directory, timeout=self._timeout)
            except (FfmpegError, MemoryLimitExceeded, TimeoutError, OSError):
                return Gpu().disabling(ALL_STAGES, UnavailableReason.UNKNOWN)
            error = await self._try(ffmpeg, directory, Gpu())
            if error is None:
                return Gpu()
            if len(error.stages) == len(ALL_STAGES):
                return Gpu().disabling(*error)
            gpu = Gpu()
            for stage in (GpuStage.ENCODE, GpuStage.DECODE):
                others_on_cpu = Gpu().disabling(ALL_STAGES - {stage}, UnavailableReason.UNKNOWN)
                stage_error = await self._try(ffmpeg, directory, others_on_cpu)
                if stage_error is not None:
                    gpu = gpu.disabling((stage,), stage_error.reason)
            # If each stage works alone, the cause is what they need only together.
            return gpu if gpu.missing else gpu.disabling((GpuStage.DRAW,), error.reason)

    async def _try(self, ffmpeg: Ffmpeg, directory: Path, gpu: Gpu) -> GpuError | None:
        """Caption the clip on a GPU that is assumed to support these stages; return None if it does."""
        plan = render_video(_CLIP, Overlay(cues=_CUES), PlanOptions(gpu=gpu, threads=1))
        for name, text in plan.files.items():
            safe_open.write(directory / name, text)
        try:
            for step in plan.steps:
                await run_ffmpeg(ffmpeg, step.args, directory, timeout=self._timeout)
        except FfmpegError as failure:
            return classify_gpu_error(failure.log) or GpuError((), UnavailableReason.UNKNOWN)
        except TimeoutError:
            return GpuError(ALL_STAGES, UnavailableReason.TIMEOUT)
        except (MemoryLimitExceeded, OSError):
            return GpuError(ALL_STAGES, UnavailableReason.UNKNOWN)
        return None


async def find_gpu_name(sandbox: Sandbox) -> str | None:
    """Return the GPU's name as the driver reports it; None on a machine without one, or if it takes more than 10 s."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    argv = [program, "--query-gpu=name", "--format=csv,noheader"]
    lines: list[bytes] = []
    try:
        async with asyncio.timeout(_NAME_TIMEOUT_SECONDS), sandboxed_process(sandbox, argv, Path("/")) as process:
            await run_all(read_lines(process.stdout, lines.append), read_lines(process.stderr, lambda _: None))
            code = await process.wait()
    except (OSError, TimeoutError):
        return None
    name = lines[0].decode("utf-8", "replace").strip() if lines and code == 0 else ""
    return name[:128] or None
