"""Probe the inputs of a job: describe videos and sounds, decode the picture, parse the subtitles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from contract.limits import Limits
from contract.operations import Input, Role
from contract.options.picture import SceneLook
from gpu_worker.media.info import Facts
from gpu_worker.pipeline.cost import check_input_limits
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.read_pictures import read_pictures
from gpu_worker.pipeline.run_step import OnStage, ignore_stage
from gpu_worker.plan.model import Inputs, local_name
from gpu_worker.probe.probe import probe, probe_part
from gpu_worker.probe.sound_selection import select_sounds
from gpu_worker.sandbox import safe_open
from gpu_worker.subtitles import Subtitles, read_subtitles


async def probe_inputs(
    inputs: Sequence[Input],
    looks: Mapping[str, SceneLook],
    directory: Path,
    machine: Machine,
    limits: Limits,
    on_stage: OnStage = ignore_stage,
    *,
    part_of: Callable[[str], tuple[float, float | None] | None] = lambda _field: None,
) -> Inputs:
    """Probe every input in `directory`. Raises JobFailed for a file that is unreadable or exceeds a limit.

    Pictures that have a look become canvases of their scenes. `part_of` returns the part of an input that is used, in
    seconds, by its field; None for all of it.
    """
    media: dict[str, Facts] = {}
    pictures = [given.field for given in inputs if given.role is Role.IMAGE]
    subtitles = Subtitles()
    for given in inputs:
        path = directory / local_name(given.field)
        if given.role is Role.SUBTITLES:
            subtitles = await asyncio.to_thread(read_subtitles, safe_open.read(path), given.field, limits.max_cues)
        elif given.role is Role.VIDEO and (part := part_of(given.field)) is not None:
            media[given.field] = await probe_part(machine.ffmpeg, path, given.field, part, limits)
        elif given.role is not Role.IMAGE:
            media[given.field] = await probe(machine.ffmpeg, path, given.role, given.field, limits.max_pixels)
    # Before pictures are decoded: refuse what is too long.
    check_input_limits(Inputs(media), limits)
    photos = await read_pictures(pictures, looks, directory, machine, limits, on_stage)
    warnings = (*subtitles.warnings, *dict.fromkeys(text for photo in photos.values() for text in photo.warnings))
    return Inputs(media, photos, subtitles.cues, warnings, subtitles.script)


async def check_inputs(inputs: Sequence[Input], directory: Path, machine: Machine, limits: Limits) -> None:
    """Probe inputs and raise JobFailed for those that a job would refuse."""
    probed = await probe_inputs(inputs, {}, directory, machine, limits)
    await select_sounds(
        machine.ffmpeg, directory, probed, limits.max_pixels, keeps_sound_of=lambda _field: False, trust_packets=True
    )
