"""Hand a stored job to RunPod, once per call and never blindly again."""

from __future__ import annotations

from contract.errors import Code, Failure
from contract.messages import ManifestSlot, OutputSlot, WorkerJob
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.events import (
    Dispatched,
    DispatchOutcomeUnknown,
    DispatchRefused,
    Event,
    Failed,
    Polled,
)
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.keys import manifest_key, output_key
from lambda_api.domain.policy import MAX_ATTEMPTS, SECOND
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderRejected, ProviderUnknown
from lambda_api.domain.tokens import Purpose, make_token
from lambda_api.usecases.apply_event import record
from lambda_api.usecases.services import Services

_URL_SLACK_SECONDS = 15 * 60
_MIN_TTL_MS = 10 * SECOND
_MIN_EXECUTION_MS = 5 * SECOND
"""RunPod's smallest `policy.ttl` and `policy.executionTimeout`."""


def dispatch(services: Services, job: Job) -> Job:
    """Submit an ACCEPTED job to RunPod and store the outcome. Any other job is returned as it is.

    An outage is not the client's error: the job stays ACCEPTED and is tried again when due.
    The stored job says `dispatching`: should this process die, whoever dispatches next knows that RunPod may
    have been asked. Raises Unavailable if the store cannot be written; the job is then dispatched again later.
    """
    if job.state is not State.ACCEPTED:
        return job
    now = services.clock()
    if job.attempt > MAX_ATTEMPTS:
        # Any of the lost answers may have been a yes: a worker's report or the deadline decides.
        return record(services, job, Polled(services.policy.next_check(now, job.deadline_at)))
    event = _submit(services, job, now)
    after = record(services, job, event)
    if isinstance(event, Dispatched) and after.runpod_job_id != event.runpod_job_id:
        _abandon(services, event)
    return after


def _submit(services: Services, job: Job, now: int) -> Event:
    policy = services.policy
    retry_at = policy.retry_at(now, job.refusals, job.deadline_at, services.random())
    try:
        runpod_job_id = services.provider.run(services.endpoint_id, payload(services, job, now))
    except ProviderRejected as error:
        services.observer.noted("dispatch rejected", job_id=job.job_id, reason=error.reason)
        return Failed(Failure.of(Code.PROVIDER_REJECTED), Source.SWEEPER)
    except ProviderRefused as error:
        services.observer.noted("dispatch refused", job_id=job.job_id, reason=error.reason)
        wished = min(now + error.retry_after_ms, policy.last_start(job.deadline_at))
        return DispatchRefused(job.attempt, max(retry_at, wished))
    except ProviderUnknown as error:
        services.observer.noted("dispatch unknown", job_id=job.job_id, reason=error.reason)
        return DispatchOutcomeUnknown(job.attempt, retry_at, policy.next_attempt(now, job.attempt + 1, job.deadline_at))
    return Dispatched(runpod_job_id, services.endpoint_id, policy.next_check(services.clock(), job.deadline_at))


def payload(services: Services, job: Job, now: int) -> dict[str, object]:
    """The body of RunPod's `/run`: our message, the web hook, and limits for queue and execution."""
    left_ms = max(0, job.deadline_at - now)
    return {
        "input": message(services, job, left_ms).model_dump(mode="json"),
        "webhook": _hook_url(services, "webhook", job),
        "policy": {
            "executionTimeout": max(services.policy.execution_ms, _MIN_EXECUTION_MS),
            "ttl": max(left_ms, _MIN_TTL_MS),
        },
    }


def message(services: Services, job: Job, left_ms: int) -> WorkerJob:
    """The worker's order. URLs are signed here, late, because they die with the signing credentials."""
    seconds = left_ms // 1000 + _URL_SLACK_SECONDS
    objects = services.objects
    return WorkerJob(
        job_id=job.job_id,
        attempt=job.attempt,
        operation=job.operation,
        output=OutputSlot(
            key=output_key(job.job_id),
            put_url=objects.presign_put(output_key(job.job_id), "video/mp4", seconds),
            get_url=objects.presign_get(output_key(job.job_id), seconds),
        ),
        manifest=ManifestSlot(put_url=objects.presign_put(manifest_key(job.job_id), "application/json", seconds)),
        progress_url=_hook_url(services, "progress", job),
        limits=services.limits,
        deadline=job.deadline_at / 1000,
    )


def _hook_url(services: Services, purpose: Purpose, job: Job) -> str:
    token = make_token(services.hook_secrets[0], purpose, job.job_id, job.attempt)
    return f"{services.public_url}/runpod/{purpose}/{job.job_id}/{token}"


def _abandon(services: Services, event: Dispatched) -> None:
    """The job ended while RunPod was being asked; nobody wants this execution."""
    try:
        services.provider.cancel(event.endpoint_id, event.runpod_job_id)
    except (ProviderError, Unavailable):
        services.observer.noted("abandoned execution not cancelled", runpod_job_id=event.runpod_job_id)
