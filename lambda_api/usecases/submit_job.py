"""Take a request: write it down, then hand it to RunPod once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.operations import Operation
from contract.urls import Target, UrlError, check_target, parse_url
from lambda_api.domain.errors import IdempotencyMismatch, InvalidRequest, Unavailable
from lambda_api.domain.job import Callback, Job
from lambda_api.domain.ports import Idempotency
from lambda_api.usecases.dispatch_job import dispatch
from lambda_api.usecases.services import Services

_UNSIGNED = (
    "callbacks are signed, and no signing secret is set up for this API key; have one added, or leave webhook_url out "
    "and poll the job"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    owner: str
    operation: Operation
    webhook_url: str | None
    metadata: Mapping[str, str]
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Submitted:
    job: Job
    replayed: bool
    """True if an earlier request with the same key made this job."""


def submit(services: Services, submission: Submission) -> Submitted:
    """Store the job (and its idempotency key) in one write, then dispatch it.

    Whatever RunPod does, the job is accepted. Raises InvalidRequest for an address that may not be
    contacted, IdempotencyMismatch for a key used with another body, TooManyRequests for an owner who asks
    for too much, Unavailable if nothing was stored.
    """
    _check_addresses(services, submission)
    if submission.webhook_url is not None and submission.owner not in services.callers().callback_secrets:
        raise InvalidRequest.naming((("webhook_url", _UNSIGNED),))
    now = services.clock()
    policy = services.policy
    job = Job(
        job_id=services.new_id(),
        owner=submission.owner,
        operation=submission.operation,
        created_at=now,
        deadline_at=now + policy.job_ttl_ms,
        due_at=now + policy.dispatch_grace_ms,
        dispatching=True,
        endpoints={1: services.endpoint_id},
        callback=Callback(url=submission.webhook_url) if submission.webhook_url else None,
        metadata=submission.metadata,
    )
    idempotency = None
    if submission.idempotency_key is not None:
        idempotency = Idempotency(submission.idempotency_key, fingerprint(submission), now + policy.idempotency_ms)
    existing = services.store.create(job, idempotency, now, services.allowance)
    if existing is not None and idempotency is not None:
        if existing.fingerprint not in {idempotency.fingerprint, _former_fingerprint(submission)}:
            raise IdempotencyMismatch("This Idempotency-Key was used with another request body.")
        earlier = services.store.get(existing.job_id)
        if earlier is None:
            raise Unavailable("The earlier job is not readable yet.", retry_after=1)
        return Submitted(earlier, replayed=True)
    services.observer.changed(None, job)
    try:
        return Submitted(dispatch(services, job), replayed=False)
    except Unavailable:
        # It is stored, so it will run: the sweeper dispatches what this request could not.
        return Submitted(job, replayed=False)


def fingerprint(submission: Submission) -> str:
    """SHA-256 of what was asked for, as understood.

    Spelling defaults out makes no difference. Neither does what a later release adds, to whoever does not use it: a
    client may repeat a request while releases change.
    """
    operation = submission.operation
    return _digest(submission, {"kind": operation.kind, **operation.model_dump(mode="json", exclude_defaults=True)})


def _former_fingerprint(submission: Submission) -> str:
    """As the release before this one stored it: for the keys of the day before an update. The next release drops it."""
    return _digest(submission, submission.operation.model_dump(mode="json"))


def _digest(submission: Submission, operation: Mapping[str, Any]) -> str:
    asked = {"operation": operation, "webhook_url": submission.webhook_url, "metadata": dict(submission.metadata)}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _check_addresses(services: Services, submission: Submission) -> None:
    urls = [(item.field, item.url, False) for item in submission.operation.inputs()]
    if submission.webhook_url is not None:
        urls.append(("webhook_url", submission.webhook_url, True))
    errors = []
    for field, url, https_only in urls:
        try:
            target = parse_url(url)
            check_target(target, allow_loopback=services.allow_loopback, https_only=https_only)
        except UrlError as error:
            errors.append((field, str(error)))
        else:
            if field == "webhook_url" and _leads_to_us(services, target):
                errors.append((field, "the URL leads back to this service; send the URL of your own receiver"))
    if errors:
        raise InvalidRequest.naming(tuple(errors))


def _leads_to_us(services: Services, target: Target) -> bool:
    """True for a callback that would come back as a request nobody made."""
    own = parse_url(services.public_url)
    return (target.host, target.port) == (own.host, own.port)
