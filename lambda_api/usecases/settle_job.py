"""Find out how a job stands, from evidence, and write it down.

A web hook is a doorbell: it says that it is worth looking, never what happened. The manifest in our bucket
proves success; RunPod's `/status` tells the rest; the web hook's body is at most the text of a failure that
RunPod confirms.
"""

from __future__ import annotations

from contract.errors import Code, Failure
from contract.messages import ResultManifest
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.events import (
    Cancelled,
    Completed,
    Event,
    Failed,
    Polled,
    Resubmitted,
    Started,
    TimedOut,
)
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.keys import manifest_key, output_key
from lambda_api.domain.policy import FRESH_MS, MAX_ATTEMPTS
from lambda_api.domain.ports import ProviderError, ProviderJobMissing, ProviderStatus
from lambda_api.domain.pricing import price_per_second
from lambda_api.usecases.apply_event import record
from lambda_api.usecases.services import Services

_MAX_MANIFEST_BYTES = 64 * 1024


def settle(services: Services, job: Job, source: Source, hint: str | None = None) -> Job:
    """Bring the stored job up to date; returns it. `hint` is an error text from an unsigned web hook.

    Raises Unavailable if the job cannot be written; the sweeper then looks again.
    """
    if job.terminal:
        return job
    try:
        event = _evidence(services, job, source, hint)
    except Unavailable:
        event = Polled(_soon(services, job))
    after = record(services, job, event)
    if isinstance(event, TimedOut) and after.state is State.TIMED_OUT:
        cancel_at_provider(services, after)
    if isinstance(event, Cancelled):
        cancel_what_was_taken_since(services, job, after)
    if isinstance(event, Completed) and after.state is State.COMPLETED:
        _cancel_the_other(services, after, event.manifest.attempt)
    return after


def _cancel_the_other(services: Services, job: Job, completed_by: int) -> None:
    """An earlier attempt, thought lost, made the video; the last one may be queued yet, to be paid for nothing."""
    # Without an answer to `/run` the id is one that the worker itself told, of whichever attempt that was.
    if job.attempt != completed_by and job.submitted_at is not None:
        cancel_at_provider(services, job)


def cancel_what_was_taken_since(services: Services, before: Job, after: Job) -> None:
    """RunPod may have taken the job between the question and the record that it is cancelled."""
    if after.state is State.CANCELLED and after.runpod_job_id != before.runpod_job_id:
        cancel_at_provider(services, after)


def cancel_at_provider(services: Services, job: Job) -> bool:
    """Ask RunPod to stop the job; True if it will not run on. An unknown job is as good as stopped."""
    if job.runpod_job_id is None:
        return True
    try:
        services.provider.cancel(job.endpoint_id or services.endpoint_id, job.runpod_job_id)
    except ProviderJobMissing:
        return True
    except ProviderError as error:
        services.observer.noted("cancel refused", job_id=job.job_id, reason=error.reason)
        return False
    return True


def _evidence(services: Services, job: Job, source: Source, hint: str | None) -> Event:
    now = services.clock()
    success = completed(services, job, source)
    if success is not None:
        return success
    if job.cancel_requested and cancel_at_provider(services, job):
        return Cancelled(Failure.of(Code.CANCELLED), Source.CANCEL)
    expired = now >= job.deadline_at
    if job.runpod_job_id is None:
        if expired:
            return TimedOut(Failure.of(Code.PROVIDER_UNAVAILABLE), source)
        return Polled(services.policy.next_check(now, job.deadline_at))
    try:
        status = services.provider.status(job.endpoint_id or services.endpoint_id, job.runpod_job_id)
    except ProviderJobMissing:
        event = _missing(services, job, source, now)
    except ProviderError as error:
        services.observer.noted("status not known", job_id=job.job_id, reason=error.reason)
        event = Polled(_soon(services, job))
    else:
        event = _told(services, job, source, status, hint)
    if expired and isinstance(event, Polled | Started | Resubmitted):
        return TimedOut(Failure.of(Code.DEADLINE_EXCEEDED), source)
    return event


def completed(services: Services, job: Job, source: Source) -> Completed | None:
    """The proof of success: a manifest of this job whose output is in the bucket with the size it states."""
    raw = services.objects.read(manifest_key(job.job_id), _MAX_MANIFEST_BYTES)
    if raw is None:
        return None
    try:
        manifest = ResultManifest.model_validate_json(raw)
    except ValueError:
        services.observer.noted("manifest not readable", job_id=job.job_id)
        return None
    key = output_key(job.job_id)
    if manifest.job_id != job.job_id or manifest.output.key != key:
        services.observer.noted("manifest of another job", job_id=job.job_id)
        return None
    if services.objects.size(key) != manifest.output.size_bytes:
        services.observer.noted("output does not match its manifest", job_id=job.job_id)
        return None
    price = price_per_second(manifest.execution.gpu_type, services.default_price_per_second)
    return Completed(manifest, price, source)


def _missing(services: Services, job: Job, source: Source, now: int) -> Event:
    if now - (job.submitted_at or job.created_at) < FRESH_MS:
        return Polled(_soon(services, job))
    if job.attempt >= MAX_ATTEMPTS:
        return Failed(Failure.of(Code.PROVIDER_LOST), source)
    return Resubmitted(job.runpod_job_id or "", now)


def _told(services: Services, job: Job, source: Source, status: ProviderStatus, hint: str | None) -> Event:
    due = services.policy.next_check(services.clock(), job.deadline_at)
    match status.status:
        case "COMPLETED":
            # It may have ended between the look into the bucket and the question.
            late = completed(services, job, source)
            return late or Failed(Failure.of(Code.RESULT_MISSING), source)
        case "FAILED":
            return Failed(_failure(status.error or hint), source)
        case "TIMED_OUT":
            return TimedOut(Failure.of(Code.EXECUTION_TIMEOUT), source)
        case "CANCELLED":
            return Cancelled(Failure.of(Code.CANCELLED), source)
        case "IN_PROGRESS" | "RUNNING":
            return Started(due)
        case "IN_QUEUE":
            return Polled(due)
        case _:
            services.observer.noted("unknown provider status", job_id=job.job_id)
            return Polled(due)


def _failure(text: str | None) -> Failure:
    """Our worker's own failure, or the neutral sentence: the SDK's error text holds tracebacks and host names."""
    return (text and Failure.parse(text)) or Failure.of(Code.WORKER_CRASHED)


def _soon(services: Services, job: Job) -> int:
    return services.policy.retry_at(services.clock(), 0, job.deadline_at, services.random())
