"""The worker's entry point: what the RunPod SDK calls for each job.

The handler is `async def` because the SDK can deliver a cancellation to nothing else. It never raises, except to pass a
cancellation on: RunPod and the gateway get only what it returns, and a traceback would show them this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError

from contract.errors import Code, Failure
from contract.messages import WorkerJob
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import FfmpegUnusableError
from gpu_worker.job.lifetime import Lifetime, Wait, process_start
from gpu_worker.job.progress import known_runpod_id
from gpu_worker.job.run_job import run_job
from gpu_worker.job.self_test import CHECK, report_machine
from gpu_worker.logs import configure_logging, log_event
from gpu_worker.pipeline.machine import MachineProbe
from gpu_worker.sandbox.command import make_undumpable
from gpu_worker.sandbox.process_tree import PROCESSES
from gpu_worker.sandbox.workdir import remove_stale_workdirs
from gpu_worker.settings import Settings

RunJob = Callable[[WorkerJob, str | None, Settings, MachineProbe, Wait], Awaitable[None]]


class Worker:
    """Handles the jobs of one worker process. `run` executes a valid job and raises JobFailed if it fails."""

    def __init__(
        self, settings: Settings, probe: MachineProbe, run: RunJob = run_job, *, lifetime: Lifetime | None = None
    ) -> None:
        self._settings = settings
        self._probe = probe
        self._run = run
        self._lifetime = lifetime or Lifetime(time.monotonic())

    async def handle(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Run one RunPod job whose `input` is a WorkerJob.

        Returns `{"job_id", "attempt"}`, or `{"error": <Failure as JSON>}`. The result itself is the manifest in the
        bucket. The reply to an `input` of CHECK is the report of `self_test`.
        """
        # Every job ends a wait, also one that fails: no other job pays for it.
        wait = self._lifetime.begin_job()
        try:
            return await self._handle(job, wait)
        finally:
            self._lifetime.end_job()

    async def _handle(self, job: Mapping[str, Any], wait: Wait) -> dict[str, Any]:
        if job.get("input") == CHECK:
            return await self._check()
        try:
            message = WorkerJob.model_validate(job.get("input"))
        except ValidationError:
            log_event("message_rejected", "unknown", code=Code.MESSAGE_UNSUPPORTED)
            return _error(Failure.of(Code.MESSAGE_UNSUPPORTED))
        started = time.monotonic()
        log_event("job_started", message.job_id, attempt=message.attempt, operation=message.operation.kind)
        code: str = "none"
        try:
            await self._run(message, known_runpod_id(job.get("id")), self._settings, self._probe, wait)
        except JobFailed as failure:
            code = failure.failure.code
            return _error(failure.failure)
        except asyncio.CancelledError:
            code = Code.CANCELLED
            raise
        except Exception as error:  # noqa: BLE001 - the last line of defense; only the name of the type may leave
            code = Code.RESOURCES if _is_out_of_resources(error) else Code.INTERNAL
            log_event("internal_error", message.job_id, kind=type(error).__name__)
            return _error(Failure.of(Code(code)))
        finally:
            elapsed_ms = round((time.monotonic() - started) * 1000)
            log_event("job_finished", message.job_id, attempt=message.attempt, code=code, ms=elapsed_ms)
        return {"job_id": message.job_id, "attempt": message.attempt}

    async def _check(self) -> dict[str, Any]:
        try:
            return report_machine(await self._probe.find_machine())
        except JobFailed as failure:
            return _error(failure.failure)
        except OSError:
            return _error(Failure.of(Code.RESOURCES))


def start() -> None:
    """Run the SDK's loop in this process. Returns after a request to stop."""
    # The SDK's default is to log everything, at each poll.
    os.environ.setdefault("RUNPOD_LOG_LEVEL", "INFO")
    # Imported here: it takes seconds, and neither the tests nor the command line need it.
    import runpod  # noqa: PLC0415

    configure_logging()
    # The user that ffmpeg runs as must be able to read what is written to a job's directory.
    os.umask(0o022)
    settings = Settings.from_environ(os.environ)
    remove_stale_workdirs(settings.work_dir)
    PROCESSES.become_subreaper()
    if not settings.allow_loopback:
        # The local system finds the processes that it must stop by their environment, so they stay readable there.
        make_undumpable()
    probe = MachineProbe(settings.ffmpeg, whisper_model=settings.whisper_model)
    asyncio.run(log_machine(probe))
    lifetime = Lifetime(process_start())
    lifetime.keep_marking()
    runpod.serverless.start({"handler": Worker(settings, probe, lifetime=lifetime).handle})


async def log_machine(probe: MachineProbe) -> None:
    """Probe this host and log its capabilities.

    Without a usable ffmpeg the worker keeps running, and each job fails at once. Probes that fail on a busy host are
    repeated at the first job.
    """
    with contextlib.suppress(OSError):
        log_event("sandbox_probed", "", **probe.sandbox.features())
    try:
        machine = await probe.find_machine()
    except FfmpegUnusableError as error:
        log_event("ffmpeg_unusable", "", reason=error.reason)
        return
    except OSError:
        return
    if machine.speech is not None:
        log_event("speech_found", "", model=machine.speech.name, device=machine.speech.device)
    elif probe.speech_problem is not None:
        log_event("speech_unusable", "", reason=probe.speech_problem)
    log_event("ffmpeg_untested" if machine.warnings else "ffmpeg_found", "", version=machine.ffmpeg.build.name)


def _is_out_of_resources(error: Exception) -> bool:
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENOMEM}
    return full or isinstance(error, MemoryError)


def _error(failure: Failure) -> dict[str, Any]:
    return {"error": failure.model_dump_json()}


if __name__ == "__main__":
    # Guarded: the SDK's ping process imports this file again on platforms that spawn processes.
    start()
