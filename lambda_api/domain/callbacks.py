"""How a callback changes after the job is over. The job's state never moves here."""

from __future__ import annotations

from dataclasses import replace

from lambda_api.domain.job import Callback, CallbackStatus, Job


def owe(job: Job, body: str, now: int, due_at: int) -> Job:
    """Mark the callback of a job that just ended as owed. Part of the same write as the ending."""
    if job.callback is None:
        return job
    return replace(job, callback=replace(job.callback, body=body, next_at=now), due_at=due_at)


def attempt_due(job: Job, now: int) -> Callback | None:
    """The callback, if it is owed and the time of its next attempt has come."""
    callback = job.callback
    return callback if callback is not None and callback.owed and now >= (callback.next_at or 0) else None


def begin_attempt(job: Job, callback: Callback, until: int) -> Job:
    """Claim the next attempt: till then nobody else sends, and if the claimant dies the sweeper goes on from there."""
    return _with(job, replace(callback, attempts=callback.attempts + 1, next_at=until), due_at=until)


def delivered(job: Job, callback: Callback, result: str) -> Job:
    done = replace(callback, status=CallbackStatus.DELIVERED, next_at=None, last_result=result)
    return _with(job, done, due_at=None)


def given_up(job: Job, callback: Callback, result: str) -> Job:
    done = replace(callback, status=CallbackStatus.GIVEN_UP, next_at=None, last_result=result)
    return _with(job, done, due_at=None)


def try_again(job: Job, callback: Callback, result: str, next_at: int, due_at: int) -> Job:
    return _with(job, replace(callback, next_at=next_at, last_result=result), due_at=due_at)


def leave(job: Job, callback: Callback, due_at: int) -> Job:
    """Leave an attempt that is due to somebody else, and look again at `due_at`."""
    return _with(job, callback, due_at=due_at)


def _with(job: Job, callback: Callback, due_at: int | None) -> Job:
    return replace(job, callback=callback, due_at=due_at, version=job.version + 1)
