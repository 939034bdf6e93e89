"""What must hold at each write of a job, whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from contract.errors import Code, Failure
from contract.messages import ResultManifest
from lambda_api.domain.job import Callback, CallbackStatus, Job, State
from lambda_api.domain.keys import manifest_key, output_key
from lambda_api.domain.policy import CALLBACK_DELAYS, CALLBACK_LEASE_MS, DEFERRAL_MS, MAX_ATTEMPTS, MINUTE

PLANTED = "planted-in-a-traceback"
"""Text of RunPod's that no client may see."""

ENDINGS = {
    State.COMPLETED: {None},
    State.FAILED: {
        Code.SOURCE_HTTP, Code.WORKER_CRASHED, Code.RESULT_MISSING, Code.PROVIDER_REJECTED, Code.PROVIDER_LOST,
    },
    State.TIMED_OUT: {Code.EXECUTION_TIMEOUT, Code.DEADLINE_EXCEEDED, Code.PROVIDER_UNAVAILABLE},
    State.CANCELLED: {Code.CANCELLED},
}  # fmt: skip
"""With which error a job may end in which state. Of the workers' own failures the model knows one."""

RETRY_AFTER_MS = 10 * MINUTE
"""What the model's client asks for with a 429."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a write, and when its writer began: what it wrote was decided somewhere in between."""

    began: int
    now: int


def broken_at_creation(job: Job) -> Iterator[str]:
    if job.version != 1 or job.state is not State.ACCEPTED:
        yield "a job that does not begin as one"
    yield from _lives(job, job.created_at + MINUTE)


def broken_by(before: Job, after: Job, objects: Mapping[str, bytes], moment: Moment) -> Iterator[str]:
    """Sentences about promises that the write of `after` over `before` breaks."""
    if after.version != before.version + 1:
        yield f"version {after.version} over {before.version}"
    if _identity(before) != _identity(after):
        yield "a job that became another"
    if after.attempt < before.attempt or after.percent < before.percent or after.progress_seen < before.progress_seen:
        yield "attempt or progress went back"
    if before.is_terminal:
        yield from _frozen(before, after, moment)
    elif after.is_terminal:
        yield from _ends(after, objects)
    else:
        # A write that leaves the time as it is may come after a clock that went back.
        yield from _lives(after, max(before.due_at or 0, moment.now + MINUTE))
        yield from _asks(before, after, moment)
    if after.callback is not None and after.callback.is_pending and after.due_at is None:
        yield "a callback that nobody will send"


def claims(before: Job | None, job: Job) -> bool:
    """True of the write by which somebody takes it upon himself to ask RunPod."""
    return job.dispatching and (before is None or not before.dispatching or job.attempt > before.attempt)


def proved(job_id: str, objects: Mapping[str, bytes]) -> ResultManifest | None:
    """The manifest of a job whose output is in the bucket as the manifest says."""
    output, raw = objects.get(output_key(job_id)), objects.get(manifest_key(job_id))
    if output is None or raw is None:
        return None
    manifest = ResultManifest.model_validate_json(raw)
    return manifest if manifest.output.size_bytes == len(output) else None


def _identity(job: Job) -> tuple[object, ...]:
    url = job.callback and job.callback.url
    return (job.job_id, job.owner, job.operation, job.created_at, job.deadline_at, dict(job.metadata), url)


def _frozen(before: Job, after: Job, moment: Moment) -> Iterator[str]:
    old, new = before.callback, after.callback
    if old is None or new is None or replace(before, callback=new, due_at=after.due_at, version=after.version) != after:
        yield "a terminal job changed"
    elif old.status is not CallbackStatus.PENDING:
        yield "a callback that was settled changed"
    elif new.body != old.body:
        yield "a callback tells other facts"
    elif new.attempts == old.attempts + 1:
        yield from _tries(old, new, moment)
    elif new.attempts == old.attempts and not (new == old and _is_left(before, after, moment)):
        yield from _has_tried(new, moment)
    elif new.attempts < old.attempts:
        yield "a callback forgets attempts"
    if new is not None and not new.is_pending and after.due_at is not None:
        yield "a job that is looked at though nothing is owed"


def _tries(old: Callback, new: Callback, moment: Moment) -> Iterator[str]:
    if moment.now < (old.next_at or 0):
        yield "a callback tried before its time"
    if (new.next_at or 0) < moment.began + max(CALLBACK_LEASE_MS, _delay(new.attempts)):
        yield "a callback that others may send while it is being sent"
    if new.attempts > len(CALLBACK_DELAYS):
        yield f"attempt {new.attempts} of a callback"


def _has_tried(new: Callback, moment: Moment) -> Iterator[str]:
    """What is written down of an attempt."""
    result, wait = new.last_result, (new.next_at or 0) - moment.began
    expected = {"http_200": CallbackStatus.DELIVERED, "http_410": CallbackStatus.GIVEN_UP}.get(result or "")
    if expected is None and new.attempts >= len(CALLBACK_DELAYS):
        expected = CallbackStatus.GIVEN_UP
    if new.status is not (expected or CallbackStatus.PENDING):
        yield f"a callback that is {new.status} after {result}"
    if new.is_pending and wait < max(_delay(new.attempts), RETRY_AFTER_MS if result == "http_429" else 0):
        yield f"a callback tried again {wait} ms after {result}"


def _is_left(before: Job, after: Job, moment: Moment) -> bool:
    """Whether an attempt that is due waits for somebody whom the queue wakes, for as long as it may."""
    return (before.due_at or 0) <= moment.now < (after.due_at or 0) <= moment.now + DEFERRAL_MS


def _delay(attempts: int) -> int:
    """The least wait before the attempt after so many, in ms."""
    return int(CALLBACK_DELAYS[attempts] * 0.9) if attempts < len(CALLBACK_DELAYS) else 0


def _lives(job: Job, latest: int) -> Iterator[str]:
    if job.due_at is None or job.due_at > latest:
        yield "a live job that nobody will look at in time"
    if job.error is not None or job.output is not None or job.completed_at is not None:
        yield "a live job with an ending"
    if job.callback is not None and job.callback.body is not None:
        yield "a callback owed before the end"
    if job.attempt > MAX_ATTEMPTS + 1:
        yield f"attempt {job.attempt}"


def _asks(before: Job, after: Job, moment: Moment) -> Iterator[str]:
    if before.cancel_requested and not after.cancel_requested:
        yield "the wish to cancel was forgotten"
    if not claims(before, after):
        return
    if before.cancel_requested:
        yield "dispatched though it is to be cancelled"
    if moment.now < (before.due_at or 0):
        yield "dispatched again before its time"
    if moment.began >= before.deadline_at:
        yield "dispatched after its deadline"
    if (after.due_at or 0) < moment.began + MINUTE // 2:
        yield "dispatched while others may do the same"


def _ends(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    if job.completed_at is None or job.settled_by is None:
        yield "an end without its time or source"
    if (job.error and job.error.code) not in ENDINGS[job.state]:
        yield f"it ended with {job.error and job.error.code}"
    if job.error is not None and job.error != Failure.of(job.error.code, **job.error.params):
        yield "an error that is not the catalogue's"
    if PLANTED in repr(job):
        yield "an error that tells what is inside"
    if job.state is State.COMPLETED:
        yield from _proved(job, objects)
    if job.callback is None and job.due_at is not None:
        yield "a job that is looked at though nothing is owed"
    if job.callback is not None:
        body = json.loads(job.callback.body or "null")
        if not job.callback.is_pending or (body["job_id"], body["status"]) != (job.job_id, job.state):
            yield "an end whose callback is not owed by the same write"


def _proved(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    manifest = proved(job.job_id, objects)
    if manifest is None:
        yield "completed without manifest and output that agree"
    elif job.output != manifest.output:
        yield "completed with another output than the one that is stored"
