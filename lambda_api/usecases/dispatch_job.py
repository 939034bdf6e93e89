"""Dispatch a stored job to RunPod, once per call and never blindly again."""

from __future__ import annotations

from contract.artifacts import Artifact
from contract.errors import Code, Failure
from contract.messages import ArtifactSlot, ManifestSlot, WorkerJob
from contract.operations import Operation
from contract.options.stored import stored_field, upload_id
from contract.previous import earliest_version
from lambda_api.domain.access.tokens import Purpose, make_token
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
from lambda_api.domain.keys import artifact_key, input_key, manifest_key, upload_key
from lambda_api.domain.policy import MAX_ATTEMPTS, SECOND
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderRejected, ProviderUnknown
from lambda_api.usecases.job_record.apply_event import apply_event
from lambda_api.usecases.services import Services

_URL_SLACK_SECONDS = 15 * 60
"""Signed URLs outlive the deadline by this much."""
_MIN_TTL_MS = 10 * SECOND
_MIN_EXECUTION_MS = 5 * SECOND
"""RunPod's smallest `policy.ttl` and `policy.executionTimeout`."""


def dispatch_job(services: Services, job: Job, source: Source) -> Job:
    """Submit an ACCEPTED job to RunPod and store the outcome; any other job is returned unchanged.

    A RunPod outage is not the client's error: the job stays ACCEPTED and is dispatched again when due. The stored job
    is marked `dispatching`: if this process crashes, the next dispatcher knows that RunPod may have the job. Raises
    Unavailable if the store cannot be written; the sweeper then dispatches the job later.
    """
    if job.state is not State.ACCEPTED:
        return job
    now = services.clock()
    if job.attempt > MAX_ATTEMPTS:
        # RunPod may have accepted any of the attempts without a response: a worker's report or the deadline decides.
        return apply_event(services, job, Polled(services.policy.next_check(now, job.deadline_at)))
    event = _run(services, job, source, now)
    after = apply_event(services, job, event)
    if isinstance(event, Dispatched) and after.runpod_job_id != event.runpod_job_id:
        _cancel_abandoned(services, event)
    return after


def _run(services: Services, job: Job, source: Source, now: int) -> Event:
    policy = services.policy
    retry_at = policy.retry_at(now, job.refusals, job.deadline_at, services.random())
    try:
        runpod_job_id = services.provider.run(services.endpoint_id, build_payload(services, job, now))
    except ProviderRejected as error:
        services.observer.warn("dispatch_rejected", job_id=job.job_id, reason=error.reason)
        return Failed(Failure.of(Code.PROVIDER_REJECTED), source)
    except ProviderRefused as error:
        services.observer.warn("dispatch_refused", job_id=job.job_id, reason=error.reason)
        requested_at = min(now + error.retry_after_ms, policy.last_start(job.deadline_at))
        return DispatchRefused(job.attempt, max(retry_at, requested_at))
    except ProviderUnknown as error:
        services.observer.warn("dispatch_outcome_unknown", job_id=job.job_id, reason=error.reason)
        return DispatchOutcomeUnknown(job.attempt, retry_at, policy.next_attempt(now, job.attempt + 1, job.deadline_at))
    return Dispatched(runpod_job_id, services.endpoint_id, policy.next_check(services.clock(), job.deadline_at))


def build_payload(services: Services, job: Job, now: int) -> dict[str, object]:
    """Build the body of RunPod's `/run`: our message, the webhook, and the limits of queue and execution."""
    left_ms = max(0, job.deadline_at - now)
    return {
        "input": build_message(services, job, left_ms).to_json(),
        "webhook": _hook_url(services, "webhook", job),
        "policy": {
            "executionTimeout": max(services.policy.execution_ms, _MIN_EXECUTION_MS),
            "ttl": max(left_ms, _MIN_TTL_MS),
        },
    }


def build_message(services: Services, job: Job, left_ms: int) -> WorkerJob:
    """Build the worker's message. URLs are signed here, late, because they expire with the signing credentials."""
    seconds = left_ms // 1000 + _URL_SLACK_SECONDS
    objects = services.objects
    return WorkerJob(
        contract_version=earliest_version(job.operation),
        job_id=job.job_id,
        attempt=job.attempt,
        operation=_with_signed_inputs(services, job, seconds),
        artifacts=tuple(_slot(services, job.job_id, artifact, seconds) for artifact in job.operation.artifacts()),
        manifest=ManifestSlot(put_url=objects.presign_put(manifest_key(job.job_id), "application/json", seconds)),
        progress_url=_hook_url(services, "progress", job),
        limits=services.worker_limits,
        deadline=job.deadline_at / 1000,
    )


def _slot(services: Services, job_id: str, artifact: Artifact, seconds: int) -> ArtifactSlot:
    key = artifact_key(job_id, artifact.name)
    return ArtifactSlot(
        name=artifact.name,
        content_type=artifact.content_type,
        put_url=services.objects.presign_put(key, artifact.content_type, seconds),
        get_url=services.objects.presign_get(key, seconds),
    )


def _with_signed_inputs(services: Services, job: Job, seconds: int) -> Operation:
    """Return the operation with presigned URLs in place of references to files in the bucket."""
    keys = {given.field: _stored_key(job, given.url) for given in job.operation.inputs()}
    # A file that several fields name has one URL.
    signed = {key: services.objects.presign_get(key, seconds) for key in set(keys.values()) if key is not None}
    return job.operation.with_urls({field: signed[key] for field, key in keys.items() if key is not None})


def _stored_key(job: Job, url: str) -> str | None:
    """Return the key of the file that a reference stands for; None for a URL."""
    field, upload = stored_field(url), upload_id(url)
    if field is not None:
        return input_key(job.job_id, field)
    return upload_key(job.owner, upload) if upload is not None else None


def _hook_url(services: Services, purpose: Purpose, job: Job) -> str:
    token = make_token(services.hook_secrets[0], purpose, job.job_id, job.attempt)
    return f"{services.public_url}/runpod/{purpose}/{job.job_id}/{token}"


def _cancel_abandoned(services: Services, event: Dispatched) -> None:
    """Cancel an execution that RunPod accepted while the job ended: its result is not needed."""
    try:
        services.provider.cancel(event.endpoint_id, event.runpod_job_id)
    except (ProviderError, Unavailable):
        services.observer.warn("abandoned_execution_cancel_failed", runpod_job_id=event.runpod_job_id)
