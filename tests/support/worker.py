"""Run jobs in this process with the worker that the environment describes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gpu_worker.handler import RunJob, Worker
from gpu_worker.job.run_job import run_job
from gpu_worker.pipeline.machine import MachineProbe
from gpu_worker.settings import Settings

_probes: dict[str | None, MachineProbe] = {}


async def handle(job: Mapping[str, Any], run: RunJob = run_job) -> dict[str, Any]:
    """Handle one RunPod job. Jobs with the same ffmpeg share a probe, like those of one worker process."""
    settings = Settings.from_environ(os.environ)
    probe = _probes.setdefault(settings.ffmpeg, MachineProbe(settings.ffmpeg))
    return await Worker(settings, probe, run).handle(job)
