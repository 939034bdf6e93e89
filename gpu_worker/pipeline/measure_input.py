"""Measure the input of a job that requests facts about it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from contract.limits import Limits
from contract.operations import Operation
from gpu_worker.formats.mp4 import is_faststart
from gpu_worker.media.measured import Measured
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.model import Inputs, local_name
from gpu_worker.probe.measure import measure


async def measure_input(
    operation: Operation, inputs: Inputs, directory: Path, machine: Machine, limits: Limits, *, deadline: float
) -> Inputs:
    """Return the inputs with what was measured, if the operation asks for it. Raises JobFailed.

    `deadline` is on the monotonic clock.
    """
    wanted = operation.measurements()
    if wanted is None:
        return inputs
    field, facts = next(iter(inputs.media.items()))
    path = directory / local_name(field)
    seconds = max(1.0, min(limits.execution_seconds, deadline - time.monotonic()))
    found = await measure(machine.ffmpeg, path, (field, facts), wanted, limits.max_pixels, seconds)
    size = (await asyncio.to_thread(path.stat)).st_size
    faststart = await asyncio.to_thread(is_faststart, path) if "mov" in facts.container.split(",") else None
    return replace(inputs, measured=Measured(size, faststart, found.loudness, found.silence, found.black))
