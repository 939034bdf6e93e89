"""Run one step of a plan, and translate its failure into that of the job."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from contract.errors import Code, Failure
from contract.limits import Limits
from contract.messages import Stage
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.frames.feed import write_frames
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.gpu_errors import GpuError, classify_gpu_error
from gpu_worker.plan.model import AUDIO, IN_VIDEO, VIDEO, Step
from gpu_worker.plan.sound.decoding import LOOPBACK_DECODER
from gpu_worker.probe.decoder_report import (
    has_shape_change,
    has_sound_change,
    has_unopened_decoder,
    parse_decoder_report,
)
from gpu_worker.sandbox.memory import working_bytes
from gpu_worker.sandbox.process import NOT_STARTED, MemoryLimitExceeded

_DECODING_SECONDS = 60.0
"""The timeout for decoding one picture. 100 megapixels of 16 bits take 10 s; a file that takes longer is malicious."""

_NOT_DECODED = 69
"""ffmpeg's exit code when two thirds of an input could not be decoded (its `-max_error_rate`)."""

OnStage = Callable[[Stage, float], None]
"""Called with the stage and its progress, 0 to 1."""


def ignore_stage(_stage: Stage, _done: float) -> None:
    """Report no progress."""


class GpuFailed(JobFailed):
    """A step failed in a stage that ran on the GPU."""

    def __init__(self, error: GpuError) -> None:
        super().__init__(Failure.of(Code.ENCODE_FAILED))
        self.error = error


async def run_step(
    step: Step, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage, *, uses_gpu: bool
) -> str:
    """Run ffmpeg once in the job's directory and return the end of its log. Raises JobFailed."""

    def report_progress(seconds: float) -> None:
        if step.seconds > 0:
            on_stage("encode", min(1.0, seconds / step.seconds))

    feed = functools.partial(write_frames, step.feed, directory, machine.cpus) if step.feed else None
    timeout, memory = limits.execution_seconds, working_bytes()
    if step.decoded_field is not None:
        timeout, memory = min(timeout, _DECODING_SECONDS), min(memory, machine.sandbox.limits.reading_bytes)
    try:
        log = await run_ffmpeg(
            machine.ffmpeg, step.args, directory, on_progress=report_progress, feed=feed, timeout=timeout, memory=memory
        )
    except FfmpegError as failure:
        raise _step_failure(failure, step, uses_gpu=uses_gpu) from None
    except TimeoutError:
        raise _limit_exceeded(step, Code.EXECUTION_TIMEOUT, "decoding it takes too long") from None
    except MemoryLimitExceeded:
        raise _limit_exceeded(step, Code.RESOURCES, "decoding it takes too much memory") from None
    except (MemoryError, OSError):
        raise job_failed(Code.RESOURCES) from None
    if step.frame_size is not None and has_shape_change(log, step.frame_size):
        field = step.picture_field
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a picture that changes its shape midway")
    if LOOPBACK_DECODER not in step.args and has_sound_change(log):
        raise job_failed(Code.OUTPUT_INVALID)  # ffmpeg rebuilt the filters and lost what was buffered in them
    return log


def _limit_exceeded(step: Step, otherwise: Code, limit: str) -> JobFailed:
    """Blame the input if the step only decodes it."""
    if step.decoded_field is None:
        return job_failed(otherwise)
    return job_failed(Code.MEDIA_OVER_BUDGET, field=step.decoded_field, limit=limit)


def _step_failure(failure: FfmpegError, step: Step, *, uses_gpu: bool) -> JobFailed:
    """Return the failure of the job for a failed run."""
    # First: a GPU without a free session or memory also makes ffmpeg log "Cannot allocate memory".
    gpu_error = classify_gpu_error(failure.log) if uses_gpu and step.decoded_field is None else None
    if gpu_error is not None:
        return GpuFailed(gpu_error)
    if failure.is_out_of_resources:
        return job_failed(Code.RESOURCES)
    if failure.code in NOT_STARTED:
        return job_failed(Code.INTERNAL)
    field = _unreadable_field(failure, step)
    return job_failed(Code.MEDIA_UNREADABLE, field=field) if field else job_failed(Code.ENCODE_FAILED)


def _unreadable_field(failure: FfmpegError, step: Step) -> str | None:
    """Return the field of the input that could not be decoded; None if the cause is another one."""
    video = parse_decoder_report(failure.log, "video") if step.frame_size is not None else None
    if has_unopened_decoder(failure.log, "video") or (video is not None and not video.frames):
        return step.picture_field
    if step.decoded_field is not None:
        return step.decoded_field
    if step.fields:
        return _unreadable_sound(failure, step)
    if failure.code == _NOT_DECODED:
        return VIDEO if IN_VIDEO in step.args else AUDIO
    return None


def _unreadable_sound(failure: FfmpegError, step: Step) -> str | None:
    """Return the field of the input whose sound could not be decoded, or of which the smallest part could be."""
    named = [(number, field) for number, field in enumerate(step.fields) if field]
    for number, field in named:
        if has_unopened_decoder(failure.log, "audio", number):
            return field
    if failure.code != _NOT_DECODED:
        return None
    if step.frame_size is not None:
        return step.picture_field
    decoded = {field: parse_decoder_report(failure.log, "audio", number) for number, field in named}
    shares = {field: report.frames / max(1, report.packets) for field, report in decoded.items() if report is not None}
    return min(shares, key=lambda field: shares[field], default=None)
