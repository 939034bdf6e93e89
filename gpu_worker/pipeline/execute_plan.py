"""The steps of a plan, one after the other, and what it means when one of them fails."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from contract.errors import Code, Failure
from contract.limits import Limits
from contract.messages import MediaFacts, Stage
from gpu_worker.errors import JobFailed, in_megabytes, job_failed
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.formats.mp4 import Mp4Error, set_video_end, trim_edit_lists
from gpu_worker.frames.feed import write_frames
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.verify import media_facts, verify
from gpu_worker.plan.audio import LOOPBACK_DECODER
from gpu_worker.plan.gpu_errors import GpuError, classify_gpu_error
from gpu_worker.plan.model import IN_VIDEO, OUTPUT, Plan, Step
from gpu_worker.probe.decoder_report import DecoderReport, is_not_opened, read_report
from gpu_worker.probe.stderr_parser import changes_shape, changes_sound
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.memory import working_bytes
from gpu_worker.sandbox.process import NOT_STARTED, MemoryLimitExceeded

_DECODING_SECONDS = 60.0
"""For one picture. 100 megapixels of 16 bits take 10: a file that takes longer was made to."""

_NOT_DECODED = 69
"""ffmpeg's exit code when two thirds of what an input holds could not be decoded (its `-max_error_rate`)."""

OnStage = Callable[[Stage, float], None]
"""Told the stage and how much of it is done, 0 to 1."""


class Performed(NamedTuple):
    """The facts of a finished output, and warnings for the client about how it was made."""

    media: MediaFacts
    warnings: tuple[str, ...]


async def perform(plan: Plan, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage) -> Performed:
    """Make the output of a plan in the directory of its inputs. Raises JobFailed."""
    for name, text in plan.files.items():
        safe_open.write(directory / name, text)
    decoded = None
    for step in plan.steps:
        try:
            log = await _run_step(step, directory, machine, limits, on_stage)
        except FfmpegError as failure:
            raise _judged(failure, step, plan) from None
        if step.shape is not None:
            decoded = _decoded_video(log)
    path = directory / OUTPUT
    await asyncio.to_thread(_finish, path, plan, limits)
    on_stage("verify", 0.0)
    try:
        facts = await verify(machine.ffmpeg, path, plan.expected, decoded)
    except JobFailed:
        if decoded is None or not decoded.damaged or plan.gpu:
            raise
        raise job_failed(Code.MEDIA_UNREADABLE, field="url_video") from None
    return Performed(media_facts(facts), _damage_warnings(decoded))


def _decoded_video(log: str) -> DecoderReport | None:
    """Return the decoder report of the video that a step draws on. Raises JobFailed if nothing of it can be decoded."""
    report = read_report(log, "video")
    if report is not None and not report.frames:
        raise job_failed(Code.MEDIA_UNREADABLE, field="url_video")
    return report


def _damage_warnings(decoded: DecoderReport | None) -> tuple[str, ...]:
    damaged = decoded is not None and decoded.damaged
    return ("Parts of the video are damaged; what could be decoded was used.",) if damaged else ()


def _finish(path: Path, plan: Plan, limits: Limits) -> None:
    """Check the size of the output, and hide what it holds from beyond its end."""
    if path.exists() and path.stat().st_size >= limits.max_output_bytes:
        raise job_failed(Code.OUTPUT_TOO_LARGE, limit=in_megabytes(limits.max_output_bytes))
    try:
        if plan.ends_at is not None:
            trim_edit_lists(path, plan.ends_at)
        if plan.video_ends_at is not None:
            set_video_end(path, plan.video_ends_at)
    except (Mp4Error, OSError):
        raise job_failed(Code.OUTPUT_INVALID) from None


async def _run_step(step: Step, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage) -> str:
    def written(seconds: float) -> None:
        if step.seconds > 0:
            on_stage("encode", min(1.0, seconds / step.seconds))

    feed = functools.partial(write_frames, step.feed, directory, machine.cpus) if step.feed else None
    seconds, memory = limits.execution_seconds, working_bytes()
    if step.decodes is not None:
        seconds, memory = min(seconds, _DECODING_SECONDS), min(memory, machine.sandbox.limits.reading_bytes)
    try:
        log = await run_ffmpeg(
            machine.ffmpeg, step.args, directory, on_progress=written, feed=feed, timeout=seconds, memory=memory
        )
    except TimeoutError:
        raise _beyond(step, Code.EXECUTION_TIMEOUT, "decoding it takes too long") from None
    except MemoryLimitExceeded:
        raise _beyond(step, Code.RESOURCES, "decoding it takes too much memory") from None
    except (MemoryError, OSError):
        raise job_failed(Code.RESOURCES) from None
    if step.shape is not None and changes_shape(log, step.shape):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field="url_video", format="a picture that changes its shape midway")
    if LOOPBACK_DECODER not in step.args and changes_sound(log):
        raise job_failed(Code.OUTPUT_INVALID)  # filters that are set up anew lose what was in them
    return log


def _beyond(step: Step, otherwise: Code, limit: str) -> JobFailed:
    """A bound was passed: by the input where the step only decodes that one."""
    if step.decodes is None:
        return job_failed(otherwise)
    return job_failed(Code.MEDIA_OVER_BUDGET, field=f"url_{step.decodes.value}", limit=limit)


class GpuFailed(JobFailed):
    """A step failed at something that the GPU did."""

    def __init__(self, fault: GpuError) -> None:
        super().__init__(Failure.of(Code.ENCODE_FAILED))
        self.fault = fault


def _judged(failure: FfmpegError, step: Step, plan: Plan) -> JobFailed:
    """What a failed run means for the job."""
    # Asked first: a GPU that has no session or no memory left ends ffmpeg with "Cannot allocate memory" too.
    fault = classify_gpu_error(failure.log) if plan.gpu and step.decodes is None else None
    if fault is not None:
        return GpuFailed(fault)
    if failure.out_of_resources:
        return job_failed(Code.RESOURCES)
    if failure.code in NOT_STARTED:
        return job_failed(Code.INTERNAL)
    video = read_report(failure.log, "video") if step.shape is not None else None
    if is_not_opened(failure.log, "video") or (video is not None and not video.frames):
        return job_failed(Code.MEDIA_UNREADABLE, field="url_video")
    if step.decodes is not None:
        return job_failed(Code.MEDIA_UNREADABLE, field=f"url_{step.decodes.value}")
    if failure.code == _NOT_DECODED:
        return job_failed(Code.MEDIA_UNREADABLE, field="url_video" if IN_VIDEO in step.args else "url_audio")
    return job_failed(Code.ENCODE_FAILED)
