"""Choose the most typical frame of a video, by looking at a few small ones."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Operation
from gpu_worker.errors import job_failed
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import OnStage, run_step
from gpu_worker.plan.model import VIDEO, Inputs, PlanOptions
from gpu_worker.plan.pictures.encoding import RAW
from gpu_worker.plan.pictures.extract import Snapshots, seek_steps
from gpu_worker.plan.pictures.score import SIDE, choose
from gpu_worker.plan.pictures.targets import candidates
from gpu_worker.sandbox import safe_open

_BYTES = SIDE * SIDE * 3


async def choose_frame(
    operation: Operation, inputs: Inputs, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage
) -> Inputs:
    """Return the inputs with the chosen frame, if the operation requests one. Raises JobFailed."""
    if not operation.needs_typical_frame():
        return inputs
    video = inputs.video_track()
    times = candidates(video)
    names = [f"candidate_{number}.rgb" for number in range(len(times))]
    shots = Snapshots(inputs.required_video(), video, times, (SIDE, SIDE))
    options = PlanOptions(threads=machine.cpus, max_pixels=limits.max_pixels)
    for step in seek_steps(shots, names, RAW, options):
        await run_step(step, directory, machine, limits, on_stage, uses_gpu=False)
    pairs = zip(times, (directory / name for name in names), strict=True)
    found = [(time, safe_open.read(path)) for time, path in pairs if path.exists()]
    # A frame that cannot be decoded leaves no file.
    pictures = [(time, pixels) for time, pixels in found if len(pixels) == _BYTES]
    if not pictures:
        raise job_failed(Code.MEDIA_UNREADABLE, field=VIDEO)
    best = await asyncio.to_thread(choose, [pixels for _, pixels in pictures])
    return replace(inputs, chosen=pictures[best][0])
