"""Take the poster of a finished video: at the requested time, else its most typical picture."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path

from contract.limits import Limits
from contract.options.output import Poster
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import ignore_stage, run_step
from gpu_worker.plan.model import PlanOptions
from gpu_worker.plan.pictures.poster import candidate_times, candidates_step, poster_step
from gpu_worker.plan.pictures.score import choose
from gpu_worker.sandbox import safe_open

LATE = "The poster's time is after the end of the video; its last picture was used."


async def write_poster(
    poster: Poster, output: str, end: Fraction, rate: Fraction, directory: Path, machine: Machine, limits: Limits
) -> tuple[str, ...]:
    """Write the poster of the video `output`, which ends at `end`, in seconds; return warnings for the client.

    `rate` is its frame rate. Raises JobFailed.
    """
    options = PlanOptions(threads=machine.cpus, max_pixels=2**31 - 1)
    last = max(Fraction(0), end - 1 / rate)
    if poster.at is None:
        time = await _choose_time(output, last, options, directory, machine, limits)
    else:
        time = min(Fraction(poster.at), last)
    await run_step(poster_step(output, time, options), directory, machine, limits, ignore_stage, uses_gpu=False)
    return (LATE,) if poster.at is not None and poster.at > end else ()


async def _choose_time(
    output: str, last: Fraction, options: PlanOptions, directory: Path, machine: Machine, limits: Limits
) -> Fraction:
    times = candidate_times(last)
    names = [f"poster_{number}.rgb" for number in range(len(times))]
    step = candidates_step(output, times, names, options)
    await run_step(step, directory, machine, limits, ignore_stage, uses_gpu=False)
    pictures = [safe_open.read(directory / name) for name in names]
    return times[await asyncio.to_thread(choose, pictures)]
