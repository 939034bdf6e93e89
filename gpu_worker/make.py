"""Files in, one checked MP4 out: probe, bound, plan, run, verify. The worker and the command line share it."""

from __future__ import annotations

import asyncio
import functools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from contract.errors import Code, Failure
from contract.limits import Limits
from contract.messages import MediaFacts, Stage
from contract.operations import Input, Operation, Role
from gpu_worker.budget import check_plan, check_sources
from gpu_worker.errors import JobFailed, failed
from gpu_worker.frames import write_frames
from gpu_worker.ink import check_captions
from gpu_worker.memory import READING_BYTES, working_bytes
from gpu_worker.mp4 import UnexpectedLayout, end_at
from gpu_worker.own import is_own_encode
from gpu_worker.plan import make_plan
from gpu_worker.plan.captions import late_warnings
from gpu_worker.plan.drivers import Fault, fault_in
from gpu_worker.plan.facts import Facts
from gpu_worker.plan.gpu import Gpu, Part, Reason
from gpu_worker.plan.steps import FONTS, IN_VIDEO, OUTPUT, Means, Plan, Sources, Step
from gpu_worker.probe import probe
from gpu_worker.proof import check_proof
from gpu_worker.run import Outgrown, RunFailed, run_ffmpeg
from gpu_worker.streams import changes_shape
from gpu_worker.subtitles import Subtitles, read_subtitles
from gpu_worker.verify import media_facts, verify

_FONTS_DIRECTORY = Path(__file__).parent / "fonts"
_DECODING_SECONDS = 60.0
"""For one picture. 100 megapixels of 16 bits take 10: a file that takes longer was made to."""

_NOT_DECODED = 69
"""ffmpeg's exit code when two thirds of what an input holds could not be decoded (its `-max_error_rate`)."""

OnStage = Callable[[Stage, float], None]
"""Told the stage and how much of it is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a machine offers: the path of ffmpeg, its GPU if one is to be used, threads to use."""

    ffmpeg: str
    gpu: Gpu | None
    threads: int


@dataclass(frozen=True, slots=True)
class Made:
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
    tools: Tools,
    limits: Limits,
    on_stage: OnStage,
    *,
    ends: float = math.inf,
) -> Made:
    """Make the output of one operation from the inputs that lie in `directory` under their local names.

    Work that cannot be done before `ends`, a time of the monotonic clock, is not begun. Raises JobFailed.
    Cancelling it leaves no process behind.
    """
    on_stage("probe", 0.0)
    sources = await _probe_all(operation.inputs(), directory, tools, limits)
    check_sources(sources, limits)
    means = Means(
        gpu=tools.gpu,
        threads=tools.threads,
        max_pixels=limits.max_pixels,
        max_output_bytes=limits.max_output_bytes,
    )
    fonts = directory / FONTS
    if not fonts.exists():
        fonts.symlink_to(_FONTS_DIRECTORY)
    if await _is_own(sources, tools, directory):
        sources = replace(sources, own_video=True)
    warnings = list(sources.notes)
    if sources.cues:
        warnings += await check_captions(tools.ffmpeg, sources.cues, directory)
    while True:
        plan = make_plan(operation, sources, means)
        check_plan(plan, sources, tools.threads, limits, ends - time.monotonic())
        try:
            media = await _execute(plan, directory, tools, limits, on_stage)
        except JobFailed as failure:
            fallback = _fallback(plan, means, failure)
            if fallback is None:
                raise
            means, told = fallback
            warnings += told
            continue
        encoder = plan.encoder.value if plan.encoder else None
        warnings += late_warnings(sources.cues or (), plan.expected.duration)
        return Made(directory / OUTPUT, media, encoder, plan.video_mode, (*plan.warnings, *warnings))


async def _probe_all(inputs: Sequence[Input], directory: Path, tools: Tools, limits: Limits) -> Sources:
    facts: dict[Role, Facts] = {}
    subtitles = Subtitles()
    for given in inputs:
        path = directory / local_name(given.role)
        if given.role is Role.SUBTITLES:
            subtitles = await asyncio.to_thread(read_subtitles, path.read_bytes(), given.field, limits.max_cues)
        else:
            facts[given.role] = await probe(tools.ffmpeg, path, given.role, given.field, limits.max_pixels)
    video, audio, image = (facts.get(role) for role in (Role.VIDEO, Role.AUDIO, Role.IMAGE))
    return Sources(video, audio, image, subtitles.cues, subtitles.warnings)


async def _is_own(sources: Sources, tools: Tools, directory: Path) -> bool:
    if sources.video is None or sources.cues is None:
        return False
    return await is_own_encode(tools.ffmpeg, directory / IN_VIDEO)


async def _execute(plan: Plan, directory: Path, tools: Tools, limits: Limits, on_stage: OnStage) -> MediaFacts:
    for name, text in plan.files.items():
        (directory / name).write_text(text, encoding="utf-8")
    for step in plan.steps:
        try:
            await _run_step(step, directory, tools, limits, on_stage)
        except RunFailed as failure:
            raise _judged(failure, step, plan) from None
        if step.proof is not None:
            await check_proof(tools.ffmpeg, directory, step.proof)
    path = directory / OUTPUT
    if path.exists() and path.stat().st_size >= limits.max_output_bytes:
        raise failed(Code.OUTPUT_TOO_LARGE)
    if plan.ends_at is not None:
        await asyncio.to_thread(_hide_rest, path, plan.ends_at)
    on_stage("verify", 0.0)
    facts = await verify(tools.ffmpeg, path, plan.expected)
    return media_facts(facts)


def _hide_rest(path: Path, end: Fraction) -> None:
    try:
        end_at(path, end)
    except (UnexpectedLayout, OSError):
        raise failed(Code.OUTPUT_INVALID) from None


async def _run_step(step: Step, directory: Path, tools: Tools, limits: Limits, on_stage: OnStage) -> None:
    def written(seconds: float) -> None:
        if step.seconds > 0:
            on_stage("encode", min(1.0, seconds / step.seconds))

    feed = functools.partial(write_frames, step.feed, directory, tools.threads) if step.feed else None
    seconds, memory = limits.execution_seconds, working_bytes()
    if step.decodes is not None:
        seconds, memory = min(seconds, _DECODING_SECONDS), min(memory, READING_BYTES)
    try:
        log = await run_ffmpeg(
            tools.ffmpeg, step.args, directory, on_progress=written, feed=feed, timeout=seconds, memory=memory
        )
    except TimeoutError:
        raise _beyond(step, Code.EXECUTION_TIMEOUT, "decoding it takes too long") from None
    except Outgrown:
        raise _beyond(step, Code.RESOURCES, "decoding it takes too much memory") from None
    except (MemoryError, OSError):
        raise failed(Code.RESOURCES) from None
    if step.shape is not None and changes_shape(log, step.shape):
        raise failed(Code.MEDIA_UNSUPPORTED, field="url_video", format="a picture that changes its shape midway")


def _beyond(step: Step, otherwise: Code, limit: str) -> JobFailed:
    """A bound was passed: by the input where the step only decodes that one."""
    if step.decodes is None:
        return failed(otherwise)
    return failed(Code.MEDIA_OVER_BUDGET, field=f"url_{step.decodes.value}", limit=limit)


class _GpuFailed(JobFailed):
    """A step failed at something that the GPU did."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(Failure.of(Code.ENCODE_FAILED))
        self.fault = fault


def _judged(failure: RunFailed, step: Step, plan: Plan) -> JobFailed:
    """What a failed run means for the job."""
    # Asked first: a GPU that has no session or no memory left ends ffmpeg with "Cannot allocate memory" too.
    fault = fault_in(failure.log) if plan.gpu and step.decodes is None else None
    if fault is not None:
        return _GpuFailed(fault)
    if failure.out_of_resources:
        return failed(Code.RESOURCES)
    if step.decodes is not None:
        return failed(Code.MEDIA_UNREADABLE, field=f"url_{step.decodes.value}")
    if failure.code == _NOT_DECODED:
        return failed(Code.MEDIA_UNREADABLE, field="url_video" if IN_VIDEO in step.args else "url_audio")
    return failed(Code.ENCODE_FAILED)


def _fallback(plan: Plan, means: Means, failure: JobFailed) -> tuple[Means, tuple[str, ...]] | None:
    """Other means for another try, and what to tell the client; None if there is nothing else to try."""
    if failure.failure.code not in {Code.ENCODE_FAILED, Code.OUTPUT_INVALID}:
        return None
    if plan.spliced:
        return replace(means, may_splice=False), ()
    if plan.video_mode == "copy":
        return replace(means, may_copy=False), ("The picture could not be copied and was encoded again.",)
    if plan.gpu and means.gpu is not None:
        # The next plan tells why it does without.
        return replace(means, gpu=_distrusted(means.gpu, plan.gpu, failure)), ()
    return None


def _distrusted(gpu: Gpu, used: frozenset[Part], failure: JobFailed) -> Gpu:
    """The GPU less the part that failed; if nobody knows which, decoding and drawing go before encoding."""
    if isinstance(failure, _GpuFailed) and not used.isdisjoint(failure.fault.parts):
        return gpu.without(*failure.fault)
    return gpu.without(used - {Part.ENCODE} or used, Reason.UNKNOWN)
