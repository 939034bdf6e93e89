"""Read the pictures of a job, a few at a time, and scale each to the canvas of its scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.limits import MAX_SIDE, Limits
from contract.options.picture import SceneLook
from contract.options.picture.watermark import WATERMARK
from gpu_worker.concurrency import Turns, run_all
from gpu_worker.media.info import PhotoInfo
from gpu_worker.photo.read_photo import TooManyPixelsError, read_photo
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import OnStage, ignore_stage, run_step
from gpu_worker.plan.model import local_name, pixels_name
from gpu_worker.plan.still.canvas import canvas_step
from gpu_worker.plan.still.motion import canvas_size
from gpu_worker.sandbox.memory import working_bytes

ANY_SIZE = (1, 1)
_LARGEST = (MAX_SIDE, MAX_SIDE)

_SMALL_PIXELS = 64_000_000
"""Pictures of up to this size are read at the same time; a larger one is read alone."""
_SMALL_BYTES = 1280 * 1024**2
"""The memory that reading one takes at most: 64 megapixels of 16 bits with opacity."""


async def read_pictures(
    fields: Sequence[str],
    looks: Mapping[str, SceneLook],
    directory: Path,
    machine: Machine,
    limits: Limits,
    on_stage: OnStage = ignore_stage,
) -> dict[str, PhotoInfo]:
    """Return the facts about each picture, by its field. Raises JobFailed.

    The pixels of a picture with a look are removed as soon as its canvas is written: 200 photos have 7 GB of them. A
    watermark keeps its pixels, with their transparency: the plan scales it.
    """
    found: dict[str, PhotoInfo] = {}
    turns = Turns(max(1, min(machine.cpus, working_bytes() // _SMALL_BYTES)))

    async def read(field: str) -> None:
        try:
            async with turns.one():
                await read_and_scale(field, min(limits.max_pixels, _SMALL_PIXELS))
        except TooManyPixelsError:
            if limits.max_pixels <= _SMALL_PIXELS:
                raise
            async with turns.all():
                await read_and_scale(field, limits.max_pixels)
        on_stage("probe", len(found) / len(fields))

    async def read_and_scale(field: str, max_pixels: int) -> None:
        look = looks.get(field)
        is_watermark = field == WATERMARK
        size = canvas_size(look) if look else _LARGEST if is_watermark else ANY_SIZE
        path = directory / local_name(field)
        image = await read_photo(machine.sandbox, path, field, max_pixels, size, keep_alpha=is_watermark)
        if look is not None:
            step = canvas_step(image, field, look)
            await run_step(step, directory, machine, limits, ignore_stage, uses_gpu=False)
            path.with_name(pixels_name(field)).unlink()
        found[field] = image

    await run_all(*map(read, fields))
    return {field: found[field] for field in fields}
