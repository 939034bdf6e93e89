"""Files in, one checked MP4 out: probe, bound, plan, run, verify. The worker and the command line share it."""

from __future__ import annotations

import asyncio
import functools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contract.errors import Code
from contract.limits import Limits
from contract.messages import MediaFacts
from contract.operations import Input, Operation, PictureOptions, Role
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Facts, PhotoInfo
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.pipeline.cost import check_inputs_within_limits, check_plan
from gpu_worker.pipeline.execute_plan import GpuFailed, OnStage, perform
from gpu_worker.pipeline.fallback import fallback
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan import make_plan
from gpu_worker.plan.captions.layout import late_caption_warnings
from gpu_worker.plan.model import FONTS, OUTPUT, Inputs, PlanOptions
from gpu_worker.plan.still.canvas import parse_size
from gpu_worker.plan.still.zoom import still_size
from gpu_worker.probe.probe import probe
from gpu_worker.probe.sounds import are_alike, find_sounds
from gpu_worker.sandbox import safe_open
from gpu_worker.subtitles import Subtitles, read_subtitles

_ANY_SIZE = (1, 1)


@dataclass(frozen=True, slots=True)
class Output:
    """A finished, verified file."""

    path: Path
    media: MediaFacts
    encoder: str | None
    video_mode: Literal["encode", "copy"]
    warnings: tuple[str, ...]


def local_name(role: Role) -> str:
    """The name an input has in the job's directory, whatever it was called where it came from."""
    return f"in_{role.value}"


async def make(
    operation: Operation,
    directory: Path,
    machine: Machine,
    limits: Limits,
    on_stage: OnStage,
    *,
    ends: float = math.inf,
) -> Output:
    """Make the output of one operation from the inputs that lie in `directory` under their local names.

    Work that cannot be done before `ends`, a time of the monotonic clock, is not begun. Raises JobFailed.
    Cancelling it leaves no process behind.
    """
    on_stage("probe", 0.0)
    least = still_size(parse_size(operation.size)) if isinstance(operation, PictureOptions) else _ANY_SIZE
    probed = await _probe_all(operation.inputs(), least, directory, machine, limits)
    check_inputs_within_limits(probed, limits)
    hearing = functools.partial(
        find_sounds, machine.ffmpeg, directory, probed, limits.max_pixels, own=operation.keeps_own_sound()
    )
    sources, trust = await hearing(trust=True), True
    check_inputs_within_limits(sources, limits)
    means = PlanOptions(
        gpu=machine.gpu,
        threads=machine.cpus,
        max_pixels=limits.max_pixels,
        max_output_bytes=limits.max_output_bytes,
    )
    fonts = directory / FONTS
    if not fonts.exists():
        fonts.symlink_to(machine.fonts)
    warnings: list[str] = []
    if sources.cues:
        warnings += await machine.glyph_check.check_captions(machine.ffmpeg, sources.cues, directory)
    while True:
        plan = make_plan(operation, sources, means)
        check_plan(plan, sources, machine.cpus, limits, ends - time.monotonic())
        try:
            media, found = await perform(plan, directory, machine, limits, on_stage)
        except JobFailed as failure:
            if trust and _may_be_of_sound(failure):
                heard, trust = await hearing(trust=False), False
                if not are_alike(heard, sources):
                    sources = heard
                    continue
            other = fallback(plan, means, failure)
            if other is None:
                raise
            means, told = other
            warnings += told
            continue
        encoder = plan.encoder.value if plan.encoder else None
        warnings += late_caption_warnings(sources.cues or (), plan.expected.duration)
        noted = (*plan.warnings, *sources.notes, *warnings, *found, *machine.warnings)
        return Output(directory / OUTPUT, media, encoder, plan.video_mode, noted)


async def check_inputs(inputs: Sequence[Input], directory: Path, machine: Machine, limits: Limits) -> None:
    """Probe inputs that lie in `directory` under their local names. Raises JobFailed for what would be refused."""
    sources = await _probe_all(inputs, _ANY_SIZE, directory, machine, limits)
    check_inputs_within_limits(sources, limits)
    await find_sounds(machine.ffmpeg, directory, sources, limits.max_pixels, own=False, trust=True)


def _may_be_of_sound(failure: JobFailed) -> bool:
    """True for a failure that is the fault of a sound if its packets told another tale than its decoder does."""
    codes = {Code.ENCODE_FAILED, Code.OUTPUT_INVALID, Code.MEDIA_UNREADABLE}
    return failure.failure.code in codes and not isinstance(failure, GpuFailed)


async def _probe_all(
    inputs: Sequence[Input], least: tuple[int, int], directory: Path, machine: Machine, limits: Limits
) -> Inputs:
    """Measure every input. An image may be read smaller than it is, though not below the size of `least`."""
    facts: dict[Role, Facts] = {}
    image: PhotoInfo | None = None
    subtitles = Subtitles()
    for given in inputs:
        path = directory / local_name(given.role)
        if given.role is Role.SUBTITLES:
            subtitles = await asyncio.to_thread(read_subtitles, safe_open.read(path), given.field, limits.max_cues)
        elif given.role is Role.IMAGE:
            image = await read_photo(machine.sandbox, path, given.field, limits.max_pixels, least)
        else:
            facts[given.role] = await probe(machine.ffmpeg, path, given.role, given.field, limits.max_pixels)
    return Inputs(facts.get(Role.VIDEO), facts.get(Role.AUDIO), image, subtitles.cues, subtitles.warnings)
