"""The worker's entry: what the RunPod SDK calls for each job.

The handler is `async def` because the SDK can deliver a cancellation to nothing else. It never
raises, except to pass a cancellation on: what it returns is all that RunPod and the gateway get to
see, and a traceback would show them this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from contract.errors import Code, Failure
from contract.messages import WorkerJob
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import FfmpegUnusableError, find_ffmpeg, read_build
from gpu_worker.job.progress import known_runpod_id
from gpu_worker.job.run_job import run_job
from gpu_worker.job.self_test import CHECK, run_self_test
from gpu_worker.logs import configure_logging, log_event
from gpu_worker.sandbox.command import make_undumpable, sandbox_features
from gpu_worker.sandbox.process_tree import PROCESSES
from gpu_worker.sandbox.workdir import remove_stale_workdirs
from gpu_worker.settings import Settings


async def handler(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run one RunPod job whose `input` is a WorkerJob.

    Returns `{"job_id", "attempt"}`, or `{"error": <Failure as JSON>}`. The result itself is the
    manifest in the bucket. An `input` of CHECK is answered with what `check` finds.
    """
    if job.get("input") == CHECK:
        return await _checked()
    try:
        message = WorkerJob.model_validate(job.get("input"))
    except ValidationError:
        log_event("refused", "unknown", code=Code.MESSAGE_UNSUPPORTED)
        return _error(Failure.of(Code.MESSAGE_UNSUPPORTED))
    started = time.monotonic()
    log_event("started", message.job_id, attempt=message.attempt, operation=message.operation.kind)
    code: str = "none"
    try:
        await run_job(message, known_runpod_id(job.get("id")), Settings.of(os.environ))
    except JobFailed as failure:
        code = failure.failure.code
        return _error(failure.failure)
    except asyncio.CancelledError:
        code = Code.CANCELLED
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence; the type's name is all that may leave
        code = Code.RESOURCES if _ran_out(error) else Code.INTERNAL
        log_event("defect", message.job_id, kind=type(error).__name__)
        return _error(Failure.of(Code(code)))
    finally:
        log_event(
            "ended", message.job_id, attempt=message.attempt, code=code, ms=round((time.monotonic() - started) * 1000)
        )
    return {"job_id": message.job_id, "attempt": message.attempt}


async def _checked() -> dict[str, Any]:
    try:
        return await run_self_test(Settings.of(os.environ))
    except JobFailed as failure:
        return _error(failure.failure)
    except OSError:
        return _error(Failure.of(Code.RESOURCES))


def start() -> None:
    """Hand the process to the SDK's loop. Returns when the worker is told to stop."""
    # Imported here: it takes seconds, and neither tests nor the command line need it.
    # Its own default is to log everything, at each poll.
    os.environ.setdefault("RUNPOD_LOG_LEVEL", "INFO")
    import runpod  # noqa: PLC0415

    configure_logging()
    # What is written into a job's folder must be readable for the user that ffmpeg runs as there.
    os.umask(0o022)
    settings = Settings.of(os.environ)
    remove_stale_workdirs(settings.work_dir)
    PROCESSES.become_subreaper()
    with contextlib.suppress(OSError):
        log_event("box", "", **sandbox_features())
    _log_ffmpeg(settings)
    if not settings.allow_loopback:
        # A local system finds the processes it has to end by their environment.
        make_undumpable()
    runpod.serverless.start({"handler": handler})


def _log_ffmpeg(settings: Settings) -> None:
    """Name the ffmpeg in the log. Without a usable one the worker runs on, and each of its jobs fails at once."""
    try:
        build = read_build(find_ffmpeg(settings.ffmpeg))
    except FfmpegUnusableError as error:
        log_event("ffmpeg_unusable", "", reason=error.reason)
        return
    log_event("ffmpeg_untested" if build.warnings() else "ffmpeg_found", "", version=build.name)


def _ran_out(error: Exception) -> bool:
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENOMEM}
    return full or isinstance(error, MemoryError)


def _error(failure: Failure) -> dict[str, Any]:
    return {"error": failure.model_dump_json()}


if __name__ == "__main__":
    # Guarded: the SDK's ping process imports this file again where processes are spawned.
    start()
