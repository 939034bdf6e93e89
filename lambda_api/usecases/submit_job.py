"""Submit a job: store it, then dispatch it to RunPod once.

Idempotency and quota are part of the transaction that stores the job: Powertools' idempotency writes its own record
before and after the handler, and could not commit or roll back with the job's row and the owner's usage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract.operations import Operation
from contract.options.stored import upload_id, upload_reference
from contract.urls import UrlError, check_target, parse_url
from lambda_api.domain.errors import IdempotencyMismatch, InvalidRequest, SpeechNotAvailable, Unavailable
from lambda_api.domain.job import Job, Source
from lambda_api.domain.keys import input_key
from lambda_api.domain.ports import Idempotency, IdempotencyRecord
from lambda_api.domain.uploads.upload import Upload
from lambda_api.usecases.dispatch_job import dispatch_job
from lambda_api.usecases.services import Services
from lambda_api.usecases.uploads.check_inputs import check_uploads, find_uploads, upload_inputs
from lambda_api.usecases.webhooks.check_target import find_problem
from lambda_api.usecases.webhooks.default_target import choose_callback

_NO_SPEECH = (
    "Speech recognition is not installed here. Send the captions themselves in `captions`, `words` or `url_srt`; the "
    "operator can install it (docs/operations.md)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    owner: str
    operation: Operation
    webhook_url: str | None
    webhook_events: tuple[str, ...] | None = None
    """None for what the owner's default says, else the four endings; empty to send none."""
    metadata: Mapping[str, str]
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Submitted:
    job: Job
    replayed: bool
    """True if an earlier request with the same key made this job."""


def submit_job(services: Services, submission: Submission) -> Submitted:
    """Store the job (and its idempotency key) in one write, then dispatch it.

    Captions inside the request are stored as a file before, so that rows, messages and RunPod never hold their text.
    If the job is not stored after all, the bucket's lifecycle rule deletes the file.

    The job is accepted whatever RunPod does. Raises InvalidRequest for an address that must not be contacted,
    SpeechNotAvailable for work that no worker could do, an error of `check_uploads` for files that are not there,
    IdempotencyMismatch for a key used with another body, TooManyRequests for an owner whose quota is exhausted,
    Unavailable if nothing was stored.
    """
    check_submission(services, submission)
    now = services.clock()
    idempotency = None
    upload_fields = upload_inputs(submission.operation)
    uploads = find_uploads(services, submission.owner, upload_fields)
    if submission.idempotency_key is not None:
        expires_at = now + services.policy.idempotency_ms
        request_hash = fingerprint(submission, uploads.values())
        idempotency = Idempotency(submission.idempotency_key, request_hash, expires_at)
    if upload_fields:
        # A repeated request has its answer, whatever became of its files since.
        existing = idempotency and services.store.find_idempotency(submission.owner, idempotency.key, now)
        if existing and idempotency:
            return _replay(services, existing, idempotency)
        check_uploads(services, submission.operation, upload_fields, uploads)
    job = _store_inline(services, _new_job(services, submission, now))
    existing = services.store.create(job, idempotency, now, services.allowance)
    if existing is not None and idempotency is not None:
        return _replay(services, existing, idempotency)
    services.observer.job_changed(None, job)
    try:
        return Submitted(dispatch_job(services, job, Source.SUBMIT), replayed=False)
    except Unavailable:
        # The job is stored, so it will run: the sweeper dispatches what this request could not.
        return Submitted(job, replayed=False)


def check_submission(services: Services, submission: Submission) -> None:
    """Check what can be checked without a job; a dry run does the same.

    Raises InvalidRequest for an address that must not be contacted, SpeechNotAvailable for work that no worker can do.
    """
    if submission.operation.needs_speech() and not services.has_speech:
        raise SpeechNotAvailable(_NO_SPEECH)
    _check_addresses(services, submission)


def _replay(services: Services, existing: IdempotencyRecord, idempotency: Idempotency) -> Submitted:
    """Return the job that an earlier request with the same key made. Raises IdempotencyMismatch, Unavailable."""
    if existing.fingerprint != idempotency.fingerprint:
        raise IdempotencyMismatch("The Idempotency-Key was used with another request body. Send a new key.")
    earlier = services.store.get(existing.job_id)
    if earlier is None:
        raise Unavailable("The earlier job is not readable yet. Try again.", retry_after=1)
    return Submitted(earlier, replayed=True)


def fingerprint(submission: Submission, uploads: Iterable[Upload] = ()) -> str:
    """Return the SHA-256 of the request as understood, in hex.

    A default that is spelled out makes no difference. Neither does a field that a later release adds, to clients that
    do not send it: a client may repeat a request while releases change. An upload counts by its contents where they are
    known: a client that repeats a command sends its files again.
    """
    operation = submission.operation
    contents = {upload_reference(one.upload_id): f"sha256:{one.sha256}" for one in uploads if one.sha256 is not None}
    request: dict[str, Any] = {
        "operation": {"kind": operation.kind, **_replace(operation.requested(), contents)},
        "webhook_url": submission.webhook_url,
        "metadata": dict(submission.metadata),
    }
    if submission.webhook_events is not None:
        request["webhook_events"] = sorted(submission.webhook_events)
    return hashlib.sha256(json.dumps(request, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _replace(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, dict):
        return {name: _replace(entry, texts) for name, entry in value.items()}
    return [_replace(entry, texts) for entry in value] if isinstance(value, list | tuple) else value


def _new_job(services: Services, submission: Submission, now: int) -> Job:
    return Job(
        job_id=services.new_id(),
        owner=submission.owner,
        operation=submission.operation,
        created_at=now,
        deadline_at=now + services.policy.job_ttl_ms,
        due_at=now + services.policy.dispatch_grace_ms,
        dispatching=True,
        endpoints={1: services.endpoint_id},
        callback=choose_callback(services, submission.owner, submission.webhook_url, submission.webhook_events),
        metadata=submission.metadata,
    )


def _store_inline(services: Services, job: Job) -> Job:
    """Store the captions that are inside the request; return the job that refers to them. Raises Unavailable."""
    operation, files = job.operation.extract_inline()
    for field, data in files.items():
        services.objects.write(input_key(job.job_id, field), data)
    return replace(job, operation=operation)


def _check_addresses(services: Services, submission: Submission) -> None:
    errors = []
    for item in submission.operation.inputs():
        if upload_id(item.url) is not None:
            continue
        try:
            check_target(parse_url(item.url), allow_loopback=services.allow_loopback)
        except UrlError as error:
            errors.append((item.field, str(error)))
    if submission.webhook_url is not None:
        problem = find_problem(services, submission.owner, submission.webhook_url)
        if problem is not None:
            errors.append(("webhook_url", problem))
    if errors:
        raise InvalidRequest.naming(tuple(errors))
