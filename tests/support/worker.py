"""Run jobs in this process with the worker that the environment describes, and read their failures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from contract.errors import Code, Failure
from gpu_worker.handler import RunJob, Worker
from gpu_worker.job.lifetime import Lifetime
from gpu_worker.job.run_job import run_job
from gpu_worker.pipeline.machine import MachineProbe
from gpu_worker.settings import Settings
from tests.support.fake_network import FakeNetwork

_probes: dict[str | None, MachineProbe] = {}


async def handle(job: Mapping[str, Any], run: RunJob = run_job, lifetime: Lifetime | None = None) -> dict[str, Any]:
    """Handle one RunPod job. Jobs with the same ffmpeg share a probe, like those of one worker process."""
    settings = Settings.from_environ(os.environ)
    probe = _probes.setdefault(settings.ffmpeg, MachineProbe(settings.ffmpeg))
    return await Worker(settings, probe, run, lifetime=lifetime).handle(job)


def run_on(
    network: FakeNetwork, operation: dict[str, Any], lifetime: Lifetime | None = None, /, **changes: Any
) -> dict[str, Any]:
    """Serve the network and handle one job of it; `changes` replace fields of the message."""

    async def work() -> dict[str, Any]:
        async with network.open():
            return await handle(network.job(operation, **changes), lifetime=lifetime)

    return asyncio.run(work())


def parse_failure(result: dict[str, Any]) -> Failure:
    """Return the failure that the worker reported."""
    assert set(result) == {"error"}
    failure = Failure.parse(result["error"])
    assert failure is not None
    return failure


def failure_code(result: dict[str, Any]) -> Code:
    """Return the code of the failure that the worker reported."""
    return parse_failure(result).code
