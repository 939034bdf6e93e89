"""Execute a plan: run its steps one after the other, set the end of the output, and verify it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from contract.errors import Code
from contract.limits import Limits
from contract.messages import LoudnessFacts, MediaFacts, Stage
from gpu_worker.errors import JobFailed, format_bytes, job_failed
from gpu_worker.formats.mp4 import set_video_end, trim_edit_lists
from gpu_worker.formats.mp4_boxes import Mp4Error
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import OnStage, run_step
from gpu_worker.pipeline.sound.level_sound import SoundLeveler
from gpu_worker.pipeline.verify import media_facts, verify
from gpu_worker.pipeline.verify_pictures import verify_pictures
from gpu_worker.pipeline.write_poster import write_poster
from gpu_worker.plan.model import ExpectedOutput, Plan, Step, artifact_file
from gpu_worker.probe.decoder_report import DecoderReport, parse_decoder_report
from gpu_worker.sandbox import safe_open

_DAMAGED = "Parts of the video are damaged; what could be decoded was used."


class ExecutedPlan(NamedTuple):
    """The facts about the main video, if the plan makes one, and warnings for the client about how all were made."""

    media: MediaFacts | None
    warnings: tuple[str, ...]
    loudness: LoudnessFacts | None = None


async def execute_plan(
    plan: Plan, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage
) -> ExecutedPlan:
    """Make the files of a plan in the directory of its inputs, one video after the other. Raises JobFailed."""
    if not plan.others:
        return await _execute_one(plan, directory, machine, limits, on_stage)
    plans = plan.with_others
    shares = share_progress([sum(map(_work, one.steps)) for one in plans], on_stage)
    executed, size = [], 0
    for one, on_share in zip(plans, shares, strict=True):
        report = on_share if one is plans[-1] else functools.partial(_report_encode, on_share)
        executed.append(await _execute_one(one, directory, machine, limits, report))
        size += (directory / one.output).stat().st_size
        _check_size(size, limits)
    return executed[0]._replace(warnings=tuple(dict.fromkeys(text for one in executed for text in one.warnings)))


async def _execute_one(
    plan: Plan, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage
) -> ExecutedPlan:
    for name, content in (*plan.files.items(), *((artifact_file(name), text) for name, text in plan.texts.items())):
        safe_open.write(directory / name, content)
    leveler = None
    if plan.leveling is not None:
        leveler = SoundLeveler(plan.leveling, directory, machine, limits, on_stage)
        await leveler.write_sound()
    decoded = await _run_steps(plan, directory, machine, limits, on_stage)
    executed = ExecutedPlan(None, ())
    if plan.expected is not None:
        await asyncio.to_thread(_finish, directory / plan.output, plan, limits)
        on_stage("verify", 0.0)
        executed = await _verify_video(plan, plan.expected, directory, machine, decoded)
        if plan.poster is not None:
            rate = Fraction(executed.media.frame_rate) if executed.media else Fraction(1)
            late = await write_poster(plan.poster, plan.output, plan.expected.end, rate, directory, machine, limits)
            executed = executed._replace(warnings=(*executed.warnings, *late))
    if plan.pictures:
        on_stage("verify", 0.0)
        await verify_pictures(plan.pictures, directory, machine, limits, on_stage)
    if leveler is None:
        return executed
    loudness, warnings = await leveler.measure_output(plan.output)
    return executed._replace(loudness=loudness, warnings=(*executed.warnings, *warnings))


async def _run_steps(
    plan: Plan, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage
) -> dict[str, DecoderReport]:
    """Run the steps; return what the decoders of input videos reported, by their fields."""
    decoded: dict[str, DecoderReport] = {}
    for step, on_step in zip(plan.steps, share_progress(list(map(_work, plan.steps)), on_stage), strict=True):
        log = await run_step(step, directory, machine, limits, on_step, uses_gpu=bool(plan.gpu))
        report = None if step.frame_size is None else _read_video_report(log, step.picture_field)
        if report is not None:
            decoded[step.picture_field] = report
    return decoded


async def _verify_video(
    plan: Plan, expected: ExpectedOutput, directory: Path, machine: Machine, decoded: dict[str, DecoderReport]
) -> ExecutedPlan:
    damaged = [field for field, report in decoded.items() if report.damaged]
    try:
        facts = await verify(machine.ffmpeg, directory / plan.output, expected, next(iter(decoded.values()), None))
    except JobFailed:
        if not damaged or plan.gpu:
            raise
        raise job_failed(Code.MEDIA_UNREADABLE, field=damaged[0]) from None
    return ExecutedPlan(media_facts(facts), (_DAMAGED,) if damaged else ())


def _work(step: Step) -> float:
    return step.seconds if step.work is None else step.work


def share_progress(works: Sequence[float], on_stage: OnStage) -> Iterator[OnStage]:
    """Yield, for each piece of work, a function that takes its progress and reports that of all."""
    total, before = sum(works) or 1.0, 0.0
    for work in works:
        yield functools.partial(_report_share, on_stage, before / total, work / total)
        before += work


def _report_share(on_stage: OnStage, before: float, share: float, stage: Stage, done: float) -> None:
    on_stage(stage, before + share * done)


def _report_encode(on_stage: OnStage, stage: Stage, done: float) -> None:
    """Report nothing but the encode: the progress of later stages would be ahead of the videos that follow."""
    if stage == "encode":
        on_stage(stage, done)


def _read_video_report(log: str, field: str) -> DecoderReport | None:
    """Return what the decoder of the input video reported. Raises JobFailed if it decoded no frame."""
    report = parse_decoder_report(log, "video")
    if report is not None and not report.frames:
        raise job_failed(Code.MEDIA_UNREADABLE, field=field)
    return report


def _check_size(size: int, limits: Limits) -> None:
    if size >= limits.max_output_bytes:
        raise job_failed(Code.OUTPUT_TOO_LARGE, limit=format_bytes(limits.max_output_bytes))


def _finish(path: Path, plan: Plan, limits: Limits) -> None:
    """Check the size of the output, and hide the packets after its end. Raises JobFailed."""
    _check_size(path.stat().st_size if path.exists() else 0, limits)
    try:
        if plan.ends_at is not None:
            trim_edit_lists(path, plan.ends_at)
        if plan.video_ends_at is not None:
            set_video_end(path, plan.video_ends_at)
    except (Mp4Error, OSError):
        raise job_failed(Code.OUTPUT_INVALID) from None
