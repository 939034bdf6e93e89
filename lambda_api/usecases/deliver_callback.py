"""Tell the client that a job is over: one signed POST per attempt, at least one that arrives, or none left."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_api.domain import callbacks
from lambda_api.domain.job import Callback, Job
from lambda_api.domain.policy import CALLBACK_LEASE_MS, LEFT_TO_QUEUE_MS, MAX_CALLBACK_ATTEMPTS, MINUTE
from lambda_api.domain.ports import DeliveryResult
from lambda_api.usecases.callback_body import body
from lambda_api.usecases.services import Services

_QUEUE_DELAY_LIMIT_MS = 15 * MINUTE
"""SQS delays a message by 15 minutes at most; longer waits are the sweeper's."""


@dataclass(frozen=True, slots=True)
class _Claim:
    job: Job
    callback: Callback
    body: str


def deliver(services: Services, job_id: str) -> bool:
    """Make the next attempt if one is owed and its time has come; True if one was made.

    Raises Unavailable if the store cannot answer, or the video cannot be signed for, before the POST. If the store
    cannot answer after it, the lease runs out and the same facts are sent again under the same id: at least once.
    """
    claim = _claim(services, job_id)
    if claim is None:
        return False
    delivery = services.sender.send(
        claim.job.owner, claim.callback.url, message_id(job_id), services.clock(), claim.body
    )
    _save(services, claim.job, _outcome(services, claim, delivery))
    return True


def leave_to_queue(services: Services, job: Job) -> None:
    """Have the queue wake somebody for an attempt of a `job` that is due, which is looked at again if nobody was.

    Makes the attempt if the queue cannot be reached. Raises Unavailable as `deliver` does.
    """
    now = services.clock()
    callback = callbacks.attempt_due(job, now)
    if callback is None:
        return
    # Stored first: whoever is woken writes, too.
    left = callbacks.leave(job, callback, now + LEFT_TO_QUEUE_MS)
    if services.store.save(left) and not services.queue.wake(left):
        deliver(services, job.job_id)


def message_id(job_id: str) -> str:
    """Standard Webhooks' `webhook-id`: the same for every attempt, so that a receiver can drop repeats."""
    return f"msg_{job_id}"


def _claim(services: Services, job_id: str) -> _Claim | None:
    job = services.store.get(job_id)
    callback = None if job is None else callbacks.attempt_due(job, services.clock())
    if job is None or callback is None:
        return None
    if callback.attempts >= MAX_CALLBACK_ATTEMPTS:
        # Whoever made the last attempt did not live to record it.
        _save(services, job, callbacks.given_up(job, callback, "interrupted"))
        return None
    if callback.body is None:
        return None
    # First: without a link there is no attempt.
    sent = body(services, job, callback.body)
    begun = callbacks.begin_attempt(job, callback, services.clock() + _lease_ms(services, callback))
    if begun.callback is None or not services.store.save(begun):
        return None
    return _Claim(begun, begun.callback, sent)


def _lease_ms(services: Services, callback: Callback) -> int:
    """Long enough that attempts whose senders die follow the schedule of those that fail."""
    return max(CALLBACK_LEASE_MS, services.policy.callback_delay(callback.attempts + 1, services.random()) or 0)


def _outcome(services: Services, claim: _Claim, delivery: DeliveryResult) -> Job:
    job, callback = claim.job, claim.callback
    if delivery.ok:
        return callbacks.delivered(job, callback, delivery.result)
    delay = services.policy.callback_delay(callback.attempts, services.random(), delivery.retry_after_ms)
    if delivery.final or delay is None:
        return callbacks.given_up(job, callback, delivery.result)
    next_at = services.clock() + delay
    grace = services.policy.callback_grace_ms if delay <= _QUEUE_DELAY_LIMIT_MS else 0
    return callbacks.try_again(job, callback, delivery.result, next_at, next_at + grace)


def _save(services: Services, before: Job, after: Job) -> None:
    if services.store.save(after):
        services.observer.changed(before, after)
        _wake(services, after)


def _wake(services: Services, job: Job) -> None:
    callback = job.callback
    if callback is None or not callback.owed or callback.next_at is None:
        return
    wait = max(0, callback.next_at - services.clock())
    if wait <= _QUEUE_DELAY_LIMIT_MS:
        services.queue.wake(job, wait)
