"""Files in, one checked MP4 out: probe, bound, plan, run, verify. The worker and the command line share it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from contract.errors import Code
from contract.limits import Limits
from contract.messages import MediaFacts, Stage
from contract.operations import Input, Operation, Role
from gpu_worker.budget import check_plan, check_sources
from gpu_worker.errors import JobFailed, failed
from gpu_worker.frames import write_frames
from gpu_worker.plan import make_plan
from gpu_worker.plan.facts import Cue, Facts
from gpu_worker.plan.steps import FONTS, OUTPUT, Encoder, Means, Plan, Sources, Step
from gpu_worker.probe import probe
from gpu_worker.run import RunFailed, run_ffmpeg
from gpu_worker.subtitles import read_cues
from gpu_worker.verify import media_facts, verify

_FONTS_DIRECTORY = Path(__file__).parent / "fonts"

OnStage = Callable[[Stage, float], None]
"""Told the stage and how much of it is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a machine offers: the path of ffmpeg, the encoder that works there, threads to use."""

    ffmpeg: str
    encoder: Encoder
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


async def make(operation: Operation, directory: Path, tools: Tools, limits: Limits, on_stage: OnStage) -> Made:
    """Make the output of one operation from the inputs that lie in `directory` under their local names.

    Raises JobFailed. Cancelling it leaves no process behind.
    """
    on_stage("probe", 0.0)
    sources = await _probe_all(operation.inputs(), directory, tools, limits)
    check_sources(sources, limits)
    means = Means(
        encoder=tools.encoder,
        threads=tools.threads,
        max_pixels=limits.max_pixels,
        max_output_bytes=limits.max_output_bytes,
    )
    fonts = directory / FONTS
    if not fonts.exists():
        fonts.symlink_to(_FONTS_DIRECTORY)
    warnings: list[str] = []
    while True:
        plan = make_plan(operation, sources, means)
        check_plan(plan, limits)
        try:
            media = await _execute(plan, directory, tools, limits, on_stage)
        except JobFailed as failure:
            fallback = _fallback(plan, means, failure)
            if fallback is None:
                raise
            means, warning = fallback
            warnings.append(warning)
            continue
        encoder = plan.encoder.value if plan.encoder else None
        return Made(directory / OUTPUT, media, encoder, plan.video_mode, (*plan.warnings, *warnings))


async def _probe_all(inputs: Sequence[Input], directory: Path, tools: Tools, limits: Limits) -> Sources:
    async def one(given: Input) -> Facts | tuple[Cue, ...]:
        path = directory / local_name(given.role)
        if given.role is Role.SUBTITLES:
            return await asyncio.to_thread(read_cues, path.read_bytes(), given.field, limits.max_cues)
        return await probe(tools.ffmpeg, path, given.role, given.field, limits.max_pixels)

    found = dict(zip((given.role for given in inputs), [await one(given) for given in inputs], strict=True))
    names = {Role.VIDEO: "video", Role.AUDIO: "audio", Role.IMAGE: "image", Role.SUBTITLES: "cues"}
    return Sources(**{names[role]: facts for role, facts in found.items()})  # type: ignore[arg-type]


async def _execute(plan: Plan, directory: Path, tools: Tools, limits: Limits, on_stage: OnStage) -> MediaFacts:
    for name, text in plan.files.items():
        (directory / name).write_text(text, encoding="utf-8")
    for step in plan.steps:
        await _run_step(step, directory, tools, limits, on_stage)
    path = directory / OUTPUT
    if path.exists() and path.stat().st_size >= limits.max_output_bytes:
        raise failed(Code.OUTPUT_TOO_LARGE)
    on_stage("verify", 0.0)
    facts = await verify(tools.ffmpeg, path, plan.expected)
    return media_facts(facts)


async def _run_step(step: Step, directory: Path, tools: Tools, limits: Limits, on_stage: OnStage) -> None:
    def written(seconds: float) -> None:
        if step.seconds > 0:
            on_stage("encode", min(1.0, seconds / step.seconds))

    feed = functools.partial(write_frames, step.feed, directory, tools.threads) if step.feed else None
    try:
        await run_ffmpeg(
            tools.ffmpeg, step.args, directory, on_progress=written, feed=feed, timeout=limits.execution_seconds
        )
    except RunFailed as failure:
        if failure.out_of_resources:
            raise failed(Code.RESOURCES) from None
        if step.decodes is not None:
            raise failed(Code.MEDIA_UNREADABLE, field=f"url_{step.decodes.value}") from None
        raise failed(Code.ENCODE_FAILED) from None
    except TimeoutError:
        raise failed(Code.EXECUTION_TIMEOUT) from None
    except (MemoryError, OSError):
        raise failed(Code.RESOURCES) from None


def _fallback(plan: Plan, means: Means, failure: JobFailed) -> tuple[Means, str] | None:
    """Other means for a second try, and what to tell the client; None if there is nothing else to try."""
    if failure.failure.code not in {Code.ENCODE_FAILED, Code.OUTPUT_INVALID}:
        return None
    if plan.video_mode == "copy":
        return replace(means, may_copy=False), "The picture could not be copied and was encoded again."
    if plan.encoder is Encoder.NVENC:
        return replace(means, encoder=Encoder.X264), "The GPU encoder failed; the CPU encoded the video."
    return None
