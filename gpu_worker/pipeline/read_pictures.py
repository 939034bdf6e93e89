"""Read the pictures of a job, a few at a time, and scale each to the canvas of its scene."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.limits import Limits
from contract.operations.picture import SceneLook
from gpu_worker.concurrency import run_all
from gpu_worker.media.info import PhotoInfo
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import run_step
from gpu_worker.plan.model import local_name, pixels_name
from gpu_worker.plan.still.canvas import canvas_step
from gpu_worker.plan.still.motion import canvas_size

ANY_SIZE = (1, 1)


async def read_pictures(
    fields: Sequence[str], looks: Mapping[str, SceneLook], directory: Path, machine: Machine, limits: Limits
) -> dict[str, PhotoInfo]:
    """Return the facts about each picture, by its field. Raises JobFailed.

    The pixels of a picture with a look are removed as soon as its canvas is written: 200 photos have 7 GB of them.
    """
    found: dict[str, PhotoInfo] = {}
    turn = asyncio.Semaphore(machine.cpus)

    async def read(field: str) -> None:
        async with turn:
            look = looks.get(field)
            size = ANY_SIZE if look is None else canvas_size(look)
            path = directory / local_name(field)
            found[field] = await read_photo(machine.sandbox, path, field, limits.max_pixels, size)
            if look is not None:
                step = canvas_step(found[field], field, look)
                await run_step(step, directory, machine, limits, lambda _stage, _done: None, uses_gpu=False)
                path.with_name(pixels_name(field)).unlink()

    await run_all(*map(read, fields))
    return {field: found[field] for field in fields}
