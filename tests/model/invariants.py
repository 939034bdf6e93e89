"""Invariants of each write of a job, by any process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from contract.artifacts import Artifact
from contract.errors import Code, Failure
from contract.messages import ResultManifest
from contract.options.stored import stored_field
from lambda_api.domain.job import Callback, CallbackStatus, Job, State
from lambda_api.domain.keys import artifact_key, input_key, manifest_key
from lambda_api.domain.policy import CALLBACK_DELAYS, CALLBACK_LEASE_MS, DEFERRAL_MS, MAX_ATTEMPTS, MINUTE

PLANTED = "planted-in-a-traceback"
"""Text from RunPod that no client may see."""

TERMINAL_CODES = {
    State.COMPLETED: {None},
    State.FAILED: {
        Code.SOURCE_HTTP, Code.WORKER_CRASHED, Code.RESULT_MISSING, Code.PROVIDER_REJECTED, Code.PROVIDER_LOST,
    },
    State.TIMED_OUT: {Code.EXECUTION_TIMEOUT, Code.DEADLINE_EXCEEDED, Code.PROVIDER_UNAVAILABLE},
    State.CANCELLED: {Code.CANCELLED},
}  # fmt: skip
"""The error codes of each terminal state. The model has one of the workers' own failures."""

PATIENT_TRIES = 3
"""The attempt from which 409 means that the receiver has it."""
RETRY_AFTER_MS = 10 * MINUTE
"""`Retry-After` of the model's client with a 429."""


@dataclass(frozen=True, slots=True)
class WriteTime:
    """The time of a write and the start of its writer, which decided in between what to write."""

    started_at: int
    now: int


def check_creation(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the invariants that a new job violates."""
    if job.version != 1 or job.state is not State.ACCEPTED:
        yield "a new job is not ACCEPTED in version 1"
    fields = [stored_field(given.url) for given in job.operation.inputs()]
    if any(field is not None and input_key(job.job_id, field) not in objects for field in fields):
        yield "a new job refers to captions that are not stored"
    yield from _check_unfinished(job, job.created_at + MINUTE)


def check_write(before: Job, after: Job, objects: Mapping[str, bytes], moment: WriteTime) -> Iterator[str]:
    """Yield the invariants that the write of `after` over `before` violates."""
    if after.version != before.version + 1:
        yield f"version {after.version} over {before.version}"
    if _identity(before) != _identity(after):
        yield "the identity of the job changed"
    if after.attempt < before.attempt or after.percent < before.percent or after.progress_seen < before.progress_seen:
        yield "attempt or progress decreased"
    if before.is_terminal:
        yield from _check_terminal_write(before, after, moment)
    elif after.is_terminal:
        yield from _check_end(after, objects)
    else:
        # A write that does not change `due_at` may follow a clock that went back.
        yield from _check_unfinished(after, max(before.due_at or 0, moment.now + 3 * MINUTE // 2))
        yield from _check_dispatch(before, after, moment)
    if after.callback is not None and after.callback.is_pending and after.due_at is None:
        yield "a pending callback will never be sent"


def is_claim(before: Job | None, job: Job) -> bool:
    """True for the write by which a process claims the dispatch."""
    return job.dispatching and (before is None or not before.dispatching or job.attempt > before.attempt)


def find_result(job_id: str, artifacts: Sequence[Artifact], objects: Mapping[str, bytes]) -> ResultManifest | None:
    """Return the manifest of a job if it lists the `artifacts`, and all are in the bucket with their stated sizes."""
    raw = objects.get(manifest_key(job_id))
    if raw is None:
        return None
    manifest = ResultManifest.model_validate_json(raw)
    stated = {stored.name: stored.size_bytes for stored in manifest.artifacts}
    sizes = {it.name: len(objects.get(artifact_key(job_id, it.name), b"")) for it in artifacts}
    return manifest if stated == sizes else None


def _identity(job: Job) -> tuple[object, ...]:
    url = job.callback and job.callback.url
    return (job.job_id, job.owner, job.operation, job.created_at, job.deadline_at, dict(job.metadata), url)


def _check_terminal_write(before: Job, after: Job, moment: WriteTime) -> Iterator[str]:
    old, new = before.callback, after.callback
    if old is None or new is None or replace(before, callback=new, due_at=after.due_at, version=after.version) != after:
        yield "a terminal job changed"
    elif _is_redelivery(old, new):
        is_prompt = (new.next_at or 0) <= moment.now and (after.due_at or 0) <= moment.now + MINUTE
        if new.body != old.body or not (is_prompt or (new == old and _is_deferral(before, after, moment))):
            yield "a redelivery is not the same callback, at once"
    elif old.status is not CallbackStatus.PENDING:
        yield "a finished callback changed"
    elif new.body != old.body:
        yield "the facts of a callback changed"
    elif new.attempts == old.attempts + 1:
        yield from _check_attempt_start(old, new, moment)
    elif new.attempts == old.attempts and not (new == old and _is_deferral(before, after, moment)):
        yield from _check_attempt_result(new, moment)
    elif new.attempts < old.attempts:
        yield "the attempts of a callback decreased"
    if new is not None and not new.is_pending and after.due_at is not None:
        yield "a job is due although nothing is left to do"


def _is_redelivery(old: Callback, new: Callback) -> bool:
    """True if the client has asked for another delivery, which starts the schedule again."""
    return new.is_pending and new.tries == 0 and new.attempts == old.attempts


def _check_attempt_start(old: Callback, new: Callback, moment: WriteTime) -> Iterator[str]:
    if moment.now < (old.next_at or 0):
        yield "a callback attempt began before it was due"
    if (new.next_at or 0) < moment.started_at + max(CALLBACK_LEASE_MS, _delay(new.tries)):
        yield "the lease of a callback attempt is too short"
    if new.tries > len(CALLBACK_DELAYS):
        yield f"attempt {new.attempts} of a callback"


def _check_attempt_result(new: Callback, moment: WriteTime) -> Iterator[str]:
    """Yield what is wrong with the recorded outcome of an attempt."""
    result, wait = new.last_result, (new.next_at or 0) - moment.started_at
    expected = {"http_200": CallbackStatus.DELIVERED, "http_410": CallbackStatus.GIVEN_UP}.get(result or "")
    if result == "http_409" and new.tries >= PATIENT_TRIES:
        expected = CallbackStatus.DELIVERED
    if expected is None and new.tries >= len(CALLBACK_DELAYS):
        expected = CallbackStatus.GIVEN_UP
    if new.status is not (expected or CallbackStatus.PENDING):
        yield f"a callback is {new.status} after {result}"
    if new.is_pending and wait < max(_delay(new.tries), RETRY_AFTER_MS if result == "http_429" else 0):
        yield f"a callback is retried {wait} ms after {result}"


def _is_deferral(before: Job, after: Job, moment: WriteTime) -> bool:
    """True if a due attempt is handed to the queue for at most the maximum time."""
    return (before.due_at or 0) <= moment.now < (after.due_at or 0) <= moment.now + DEFERRAL_MS


def _delay(attempts: int) -> int:
    """Return the minimum wait in ms after this number of attempts."""
    return int(CALLBACK_DELAYS[attempts] * 0.9) if attempts < len(CALLBACK_DELAYS) else 0


def _check_unfinished(job: Job, latest: int) -> Iterator[str]:
    if job.due_at is None or job.due_at > latest:
        yield "an unfinished job is not checked in time"
    if job.error is not None or job.artifacts or job.completed_at is not None:
        yield "an unfinished job has the fields of a finished one"
    if job.callback is not None and job.callback.body is not None:
        yield "a callback is pending before the end"
    if job.attempt > MAX_ATTEMPTS + 1:
        yield f"attempt {job.attempt}"


def _check_dispatch(before: Job, after: Job, moment: WriteTime) -> Iterator[str]:
    if before.cancel_requested and not after.cancel_requested:
        yield "the cancel request was lost"
    if not is_claim(before, after):
        return
    if before.cancel_requested:
        yield "dispatched after a cancel request"
    if moment.now < (before.due_at or 0):
        yield "dispatched again before it was due"
    if moment.started_at >= before.deadline_at:
        yield "dispatched after its deadline"
    if (after.due_at or 0) < moment.started_at + MINUTE // 2:
        yield "the claim of a dispatch is too short"


def _check_end(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    if job.completed_at is None or job.settled_by is None:
        yield "a finished job without time or source"
    if (job.error and job.error.code) not in TERMINAL_CODES[job.state]:
        yield f"it ended with {job.error and job.error.code}"
    if job.error is not None and job.error != Failure.of(job.error.code, **job.error.params):
        yield "an error that is not from the catalogue"
    if PLANTED in repr(job):
        yield "an error leaks internal text"
    if job.state is State.COMPLETED:
        yield from _check_completion(job, objects)
    if job.callback is None and job.due_at is not None:
        yield "a job is due although nothing is left to do"
    if job.callback is not None:
        body = json.loads(job.callback.body or "null")
        if not job.callback.is_pending or (body["job_id"], body["status"]) != (job.job_id, job.state):
            yield "a job finished without a pending callback in the same write"


def _check_completion(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    manifest = find_result(job.job_id, job.operation.artifacts(), objects)
    if manifest is None:
        yield "completed without a matching manifest and all its files"
    elif job.artifacts != manifest.artifacts:
        yield "completed with files that differ from the stored ones"
