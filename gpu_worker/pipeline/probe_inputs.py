"""Probe the inputs of a job: describe videos and sounds, decode the picture, parse the subtitles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from contract.limits import Limits
from contract.operations import Input, Role
from gpu_worker.media.info import Facts, PhotoInfo
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.pipeline.cost import check_input_limits
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.model import Inputs, local_name
from gpu_worker.probe.probe import probe
from gpu_worker.probe.sound_selection import select_sounds
from gpu_worker.sandbox import safe_open
from gpu_worker.subtitles import Subtitles, read_subtitles

ANY_SIZE = (1, 1)


async def probe_inputs(
    inputs: Sequence[Input], min_photo_size: tuple[int, int], directory: Path, machine: Machine, limits: Limits
) -> Inputs:
    """Probe every input in `directory`. Raises JobFailed for a file that is unreadable or exceeds a limit.

    A picture may be decoded at a reduced size, but not below `min_photo_size` (width, height).
    """
    facts: dict[Role, Facts] = {}
    image: PhotoInfo | None = None
    subtitles = Subtitles()
    for given in inputs:
        path = directory / local_name(given.role)
        if given.role is Role.SUBTITLES:
            subtitles = await asyncio.to_thread(read_subtitles, safe_open.read(path), given.field, limits.max_cues)
        elif given.role is Role.IMAGE:
            image = await read_photo(machine.sandbox, path, given.field, limits.max_pixels, min_photo_size)
        else:
            facts[given.role] = await probe(machine.ffmpeg, path, given.role, given.field, limits.max_pixels)
    probed = Inputs(
        facts.get(Role.VIDEO), facts.get(Role.AUDIO), image, subtitles.cues, subtitles.warnings, subtitles.script
    )
    check_input_limits(probed, limits)
    return probed


async def check_inputs(inputs: Sequence[Input], directory: Path, machine: Machine, limits: Limits) -> None:
    """Probe inputs and raise JobFailed for those that a job would refuse."""
    probed = await probe_inputs(inputs, ANY_SIZE, directory, machine, limits)
    await select_sounds(
        machine.ffmpeg, directory, probed, limits.max_pixels, needs_video_sound=False, trust_packets=True
    )
