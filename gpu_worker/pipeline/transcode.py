"""Make the files of a job from local input files: probe, plan, execute, and fall back if a plan fails.

The worker and the command line share it. The steps in their order: `probe_inputs`, `listen`, `find_voice`,
`plan.make_plan`, `cost`, `execute_plan` (which calls `level_sound`, `run_step` and `verify`), `fallback`.
"""

from __future__ import annotations

import asyncio
import functools
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from contract.limits import Limits
from contract.messages import LoudnessFacts, MediaFacts
from contract.operations import Operation
from contract.options.captions import CaptionOptions
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.choose_frame import choose_frame
from gpu_worker.pipeline.cost import check_input_limits, check_plan_cost
from gpu_worker.pipeline.execute_plan import execute_plan
from gpu_worker.pipeline.fallback import choose_fallback, may_be_caused_by_sound
from gpu_worker.pipeline.listen import listen
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.measure_input import measure_input
from gpu_worker.pipeline.probe_inputs import probe_inputs
from gpu_worker.pipeline.run_step import OnStage
from gpu_worker.pipeline.sound.find_voice import find_voice
from gpu_worker.plan import make_plan
from gpu_worker.plan.captions.cue_warnings import late_caption_warnings
from gpu_worker.plan.model import FONTS, Inputs, Plan, PlanOptions, artifact_file
from gpu_worker.probe.sound_selection import have_same_sounds, select_sounds


@dataclass(frozen=True, slots=True)
class Output:
    """Finished, verified files: their paths by the names of the operation's artifacts.

    `encoder` is None if no picture was encoded; `media` and `video_mode` are None without a video.
    """

    paths: Mapping[str, Path]
    media: MediaFacts | None
    encoder: str | None
    video_mode: Literal["encode", "copy"] | None
    warnings: tuple[str, ...]
    word_timing: Literal["given", "aligned", "estimated"] | None = None
    fonts_used: tuple[str, ...] = ()
    loudness: LoudnessFacts | None = None
    copied_seconds: float | None = None
    encoded_seconds: float | None = None
    """Seconds of the picture that were copied from the inputs, and that were encoded; None without a video."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The inputs and options of one plan, and the warnings caused by what was found or failed before it.

    `trusts_packets` means that sounds were described by their packets where these state everything, not decoded.
    """

    inputs: Inputs
    options: PlanOptions
    warnings: tuple[str, ...]
    trusts_packets: bool = True


async def transcode(
    operation: Operation,
    directory: Path,
    machine: Machine,
    limits: Limits,
    on_stage: OnStage,
    *,
    deadline: float = math.inf,
) -> Output:
    """Make the artifacts of one operation from the inputs in `directory`, which have their `local_name`s there.

    No step starts that cannot end before `deadline`, on the monotonic clock. Raises JobFailed. Cancelling it leaves
    no process behind.
    """
    on_stage("probe", 0.0)
    looks, windows = operation.scene_looks(), operation.window_of
    probed = await probe_inputs(operation.inputs(), looks, directory, machine, limits, on_stage, part_of=windows)
    find_sounds = functools.partial(
        select_sounds,
        machine.ffmpeg,
        directory,
        probed,
        limits.max_pixels,
        keeps_sound_of=operation.keeps_sound_of,
    )
    inputs = await find_sounds(trust_packets=True)
    check_input_limits(inputs, limits)
    heard = await listen(operation, inputs, directory, machine, limits, on_stage, deadline=deadline)
    inputs = await find_voice(operation, heard.add_to(inputs), directory, machine, limits, deadline=deadline)
    inputs = await choose_frame(operation, inputs, directory, machine, limits, on_stage)
    inputs = await measure_input(operation, inputs, directory, machine, limits, deadline=deadline)
    speech = inputs.speech

    async def describe_sounds() -> Inputs:
        return replace(heard.add_to(await find_sounds(trust_packets=False)), speech=speech)

    options = PlanOptions(
        gpu=machine.gpu,
        threads=machine.cpus,
        max_pixels=limits.max_pixels,
        max_output_bytes=limits.max_output_bytes,
        typefaces=machine.typefaces,
    )
    attempt = _Attempt(inputs, options, await _check_glyphs(operation, inputs, directory, machine))
    while True:
        # In a thread: laying out 10,000 captions takes several seconds, in which the job must be able to stop.
        plan = await asyncio.to_thread(make_plan, operation, attempt.inputs, attempt.options)
        check_plan_cost(plan, attempt.inputs, machine.cpus, limits, deadline - time.monotonic())
        try:
            executed = await execute_plan(plan, directory, machine, limits, on_stage)
            break
        except JobFailed as failure:
            attempt = await _next_attempt(attempt, plan, failure, describe_sounds)
    warnings = (
        *dict.fromkeys(warning for one in plan.with_others for warning in one.warnings),
        *attempt.inputs.warnings,
        *attempt.warnings,
        *(late_caption_warnings(attempt.inputs.cues or (), plan.expected.duration) if plan.expected else ()),
        *executed.warnings,
        *machine.warnings,
    )
    encoder = plan.encoder.value if plan.encoder else None
    return Output(
        {artifact.name: directory / artifact_file(artifact.name) for artifact in operation.artifacts()},
        executed.media,
        encoder,
        plan.video_mode,
        warnings,
        "aligned" if plan.word_timing and inputs.is_aligned else plan.word_timing,
        plan.fonts_used,
        executed.loudness,
        _round_seconds(plan.copied_seconds),
        _round_seconds(plan.encoded_seconds),
    )


def _round_seconds(seconds: Fraction | None) -> float | None:
    return None if seconds is None else round(float(seconds), 3)


async def _check_glyphs(operation: Operation, inputs: Inputs, directory: Path, machine: Machine) -> tuple[str, ...]:
    """Link the fonts into the job's directory, and return warnings about characters that they lack."""
    fonts = directory / FONTS
    if not fonts.exists():
        fonts.symlink_to(machine.fonts)
    texts = {*(cue.text for cue in inputs.cues or ()), *inputs.script}
    if not texts or (isinstance(operation, CaptionOptions) and not operation.is_drawn):
        return ()
    return await machine.glyph_check.check_captions(machine.ffmpeg, texts, directory, machine.typefaces)


async def _next_attempt(
    attempt: _Attempt, plan: Plan, failure: JobFailed, describe_sounds: Callable[[], Awaitable[Inputs]]
) -> _Attempt:
    """Return the next attempt after a failure. Raises the failure if nothing is left to try."""
    if attempt.trusts_packets and may_be_caused_by_sound(failure):
        inputs = await describe_sounds()
        attempt = replace(attempt, trusts_packets=False)
        if not have_same_sounds(inputs, attempt.inputs):
            return replace(attempt, inputs=inputs)
    fallback = choose_fallback(plan, attempt.options, failure)
    if fallback is None:
        raise failure
    return replace(attempt, options=fallback.options, warnings=(*attempt.warnings, *fallback.warnings))
