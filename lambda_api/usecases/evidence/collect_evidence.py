"""Find out what happened to an execution.

A webhook is a doorbell: it says that the job is worth a check, never what happened. The manifest in our bucket proves
success, and RunPod's `/status` reports everything else. The webhook's body is used at most for the text of a failure
that RunPod confirms.
"""

from __future__ import annotations

from contract.errors import Code, Failure
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.events import Cancelled, Completed, Event, Failed, Polled, Resubmitted, Started, TimedOut
from lambda_api.domain.job import Job, Source
from lambda_api.domain.policy import FRESH_MS, MAX_ATTEMPTS
from lambda_api.domain.ports import ProviderError, ProviderJobMissing, ProviderStatus
from lambda_api.usecases.evidence.cancel_execution import cancel_execution
from lambda_api.usecases.evidence.read_result import read_result
from lambda_api.usecases.services import Services


def collect_evidence(services: Services, job: Job, source: Source, error_text: str | None) -> Event:
    """Return the event that the evidence amounts to; `Polled` with an early next check if the bucket does not answer.

    `error_text`: the error of an unsigned webhook.
    """
    # Before the bucket is read: a result stored by the deadline must not be treated as late.
    now = services.clock()
    try:
        result = read_result(services, job, source)
        return result or _from_provider(services, job, source, error_text, now)
    except Unavailable:
        return Polled(_retry_soon(services, job))


def _from_provider(services: Services, job: Job, source: Source, error_text: str | None, now: int) -> Event:
    if job.cancel_requested and cancel_execution(services, job):
        return Cancelled(Failure.of(Code.CANCELLED), Source.CANCEL)
    has_expired = now >= job.deadline_at
    if job.runpod_job_id is None:
        if has_expired:
            return TimedOut(Failure.of(Code.PROVIDER_UNAVAILABLE), source)
        return Polled(services.policy.next_check(now, job.deadline_at))
    try:
        status = services.provider.status(job.endpoint_id or services.endpoint_id, job.runpod_job_id)
    except ProviderJobMissing:
        event = _job_missing(services, job, source, now)
    except ProviderError as error:
        services.observer.warn("status_check_failed", job_id=job.job_id, reason=error.reason)
        event = Polled(_retry_soon(services, job))
    else:
        event = _from_status(services, job, source, status, error_text)
    if has_expired and isinstance(event, Polled | Started | Resubmitted):
        return TimedOut(Failure.of(Code.DEADLINE_EXCEEDED), source)
    return event


def _job_missing(services: Services, job: Job, source: Source, now: int) -> Event:
    if now - (job.submitted_at or job.created_at) < FRESH_MS:
        return Polled(_retry_soon(services, job))
    if job.attempt >= MAX_ATTEMPTS:
        return Failed(Failure.of(Code.PROVIDER_LOST), source)
    return Resubmitted(job.runpod_job_id or "", now)


def _from_status(
    services: Services, job: Job, source: Source, status: ProviderStatus, error_text: str | None
) -> Completed | Failed | TimedOut | Cancelled | Started | Polled:
    next_check = services.policy.next_check(services.clock(), job.deadline_at)
    match status.status:
        case "COMPLETED":
            # The worker may have stored its result after we read the bucket and before we called RunPod.
            return read_result(services, job, source) or Failed(Failure.of(Code.RESULT_MISSING), source)
        case "FAILED":
            return Failed(_failure(job, status.error or error_text), source)
        case "TIMED_OUT":
            return TimedOut(Failure.of(Code.EXECUTION_TIMEOUT), source)
        case "CANCELLED":
            return Cancelled(Failure.of(Code.CANCELLED), source)
        case "IN_PROGRESS" | "RUNNING":
            return Started(next_check)
        case "IN_QUEUE":
            return Polled(next_check)
        case _:
            services.observer.warn("provider_status_unknown", job_id=job.job_id)
            return Polled(next_check)


def _failure(job: Job, text: str | None) -> Failure:
    """Return our worker's own failure, or a neutral sentence: the SDK's error text holds tracebacks and host names.

    The worker knows the input by its URL field; the client may have sent it in another one.
    """
    failure = Failure.parse(text) if text else None
    if failure is None:
        return Failure.of(Code.WORKER_CRASHED)
    return failure.naming(job.operation.sent_field)


def _retry_soon(services: Services, job: Job) -> int:
    return services.policy.retry_at(services.clock(), 0, job.deadline_at, services.random())
