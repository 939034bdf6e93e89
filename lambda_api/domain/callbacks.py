"""Changes of a callback after its job has finished. None of them changes the job's state."""

from __future__ import annotations

from dataclasses import replace

from lambda_api.domain.job import Callback, CallbackStatus, Job

_CONFLICT = "http_409"
_PATIENT_TRIES = 2


def mark_callback_pending(job: Job, body: str, now: int, due_at: int) -> Job:
    """Mark the callback of a job that has just finished as pending. Part of the write that ends the job."""
    if job.callback is None:
        return job
    return replace(job, callback=replace(job.callback, body=body, next_at=now), due_at=due_at)


def skip_callback(job: Job) -> Job:
    """Record that the client does not want to know of this end. Part of the write that ends the job."""
    if job.callback is None:
        return job
    return replace(job, callback=replace(job.callback, status=CallbackStatus.SKIPPED))


def restart(job: Job, callback: Callback, body: str, now: int, due_at: int) -> Job:
    """Start the schedule again, whatever became of the callback before. Attempts keep counting."""
    again = replace(callback, status=CallbackStatus.PENDING, body=body, schedule_start=callback.attempts, next_at=now)
    return _with(job, again, due_at=due_at)


def is_acknowledged(callback: Callback, *, ok: bool, result: str) -> bool:
    """Decide whether a response ends the deliveries well.

    n8n answers 409 both before its execution waits and after it was resumed: the first two attempts assume the former.
    """
    return ok or (result == _CONFLICT and callback.tries >= _PATIENT_TRIES + 1)


def due_callback(job: Job, now: int) -> Callback | None:
    """Return the callback if it is pending and its next attempt is due."""
    callback = job.callback
    return callback if callback is not None and callback.is_pending and now >= (callback.next_at or 0) else None


def begin_attempt(job: Job, callback: Callback, until: int) -> Job:
    """Claim the next attempt: no other process sends before `until`, when the sweeper takes over."""
    return _with(job, replace(callback, attempts=callback.attempts + 1, next_at=until), due_at=until)


def mark_delivered(job: Job, callback: Callback, result: str) -> Job:
    """Record the response that acknowledged the callback."""
    done = replace(callback, status=CallbackStatus.DELIVERED, next_at=None, last_result=result)
    return _with(job, done, due_at=None)


def mark_held(job: Job, callback: Callback, result: str) -> Job:
    """Record that the delivery waits in the log."""
    return _with(job, replace(callback, status=CallbackStatus.HELD, next_at=None, last_result=result), due_at=None)


def give_up(job: Job, callback: Callback, result: str) -> Job:
    """Record that no further attempt is made."""
    done = replace(callback, status=CallbackStatus.GIVEN_UP, next_at=None, last_result=result)
    return _with(job, done, due_at=None)


def schedule_retry(job: Job, callback: Callback, result: str, next_at: int, due_at: int) -> Job:
    """Record a failed attempt: the next one at `next_at`, by the sweeper if it has not been made by `due_at`."""
    return _with(job, replace(callback, next_at=next_at, last_result=result), due_at=due_at)


def defer(job: Job, callback: Callback, due_at: int) -> Job:
    """Leave a due attempt to the queue's consumer, and check it again at `due_at`."""
    return _with(job, callback, due_at=due_at)


def _with(job: Job, callback: Callback, due_at: int | None) -> Job:
    return replace(job, callback=callback, due_at=due_at, version=job.version + 1)
