"""`{"input": {"check": true}}`: what this worker's GPU does of the work, found out without a gateway.

For whoever has just deployed an endpoint, and for the tests of RunPod's Hub, which can give a job no signed URLs.
"""

from __future__ import annotations

import asyncio
from typing import Any

from contract.errors import Code
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import find_ffmpeg, read_build
from gpu_worker.pipeline.gpu_probe import find_gpu
from gpu_worker.plan.gpu import ALL_STAGES, GpuStage, UnavailableReason
from gpu_worker.settings import Settings

CHECK = {"check": True}


async def run_self_test(settings: Settings) -> dict[str, Any]:
    """Return `{"encoder", "warnings"}`; raises JobFailed where no video can be made at all."""
    ffmpeg = await asyncio.to_thread(find_ffmpeg, settings.ffmpeg)
    gpu = await find_gpu(ffmpeg)
    if set(gpu.missing.values()) == {UnavailableReason.UNKNOWN} and len(gpu.missing) == len(ALL_STAGES):
        raise job_failed(Code.ENCODE_FAILED)
    encoder = "h264_nvenc" if gpu.supports(GpuStage.ENCODE) else "libx264"
    return {"encoder": encoder, "warnings": [*gpu.warnings(ALL_STAGES), *read_build(ffmpeg).warnings()]}
