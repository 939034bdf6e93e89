"""Deliver callbacks: send signed POSTs to the client until one is acknowledged or the attempts run out."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_api.domain import callbacks
from lambda_api.domain.job import Callback, CallbackStatus, Job
from lambda_api.domain.policy import CALLBACK_LEASE_MS, DEFERRAL_MS, MAX_CALLBACK_ATTEMPTS, MINUTE
from lambda_api.domain.ports import DeliveryResult
from lambda_api.domain.webhooks.delivery import delivery_id
from lambda_api.domain.webhooks.events import ending, message_id
from lambda_api.usecases.job_record.callback_body import build_attempt_body
from lambda_api.usecases.job_record.log_delivery import HELD, Message, log_delivery, logged_until, send
from lambda_api.usecases.services import Services

_QUEUE_DELAY_LIMIT_MS = 15 * MINUTE
"""The longest delay of an SQS message (AWS). The sweeper handles longer waits."""


@dataclass(frozen=True, slots=True)
class _Claim:
    job: Job
    callback: Callback
    body: str


def deliver_callback(services: Services, job_id: str) -> bool:
    """Make the next attempt if the callback is pending and due; True if one was made.

    Raises Unavailable before the POST if the store does not answer or the video's URL cannot be signed. If the store
    does not answer after the POST, the lease expires and the same facts are sent again under the same id: at least
    once.
    """
    claim = _claim_attempt(services, job_id)
    if claim is None:
        return False
    job, callback = claim.job, claim.callback
    message = Message(
        delivery_id=delivery_id(job_id, callback.attempts),
        owner=job.owner,
        job_id=job_id,
        type=ending(job.state),
        webhook_id=message_id(job_id),
        attempt=callback.attempts,
        url=callback.url,
        body=claim.body,
        expires_at=logged_until(services, job),
    )
    sent_at = services.clock()
    outcome = send(services, message, sent_at)
    after = _apply_result(services, claim, outcome)
    next_at = after.callback.next_at if after.callback is not None else None
    acknowledged = after.callback is not None and after.callback.status is CallbackStatus.DELIVERED
    # Before the job is saved: whoever reads the result there finds the attempt in the log.
    log_delivery(services, message, sent_at, outcome, acknowledged=acknowledged, next_attempt_at=next_at)
    _save(services, job, after)
    return True


def defer_callback(services: Services, job: Job) -> None:
    """Hand a due attempt to the queue, and check it again after 15 min in case the queue drops it.

    Makes the attempt here if the queue cannot be reached. Raises Unavailable as `deliver_callback` does.
    """
    now = services.clock()
    callback = callbacks.due_callback(job, now)
    if callback is None:
        return
    # Store before the message is sent: its consumer writes the same row.
    deferred = callbacks.defer(job, callback, now + DEFERRAL_MS)
    if services.store.save(deferred) and not services.queue.enqueue(deferred):
        deliver_callback(services, job.job_id)


def _claim_attempt(services: Services, job_id: str) -> _Claim | None:
    job = services.store.get(job_id)
    callback = None if job is None else callbacks.due_callback(job, services.clock())
    if job is None or callback is None:
        return None
    if callback.tries >= MAX_CALLBACK_ATTEMPTS:
        # The process that made the last attempt crashed before it recorded the outcome.
        _save(services, job, callbacks.give_up(job, callback, "interrupted"))
        return None
    if callback.body is None:
        return None
    # Before the claim is stored: without a signed link there is no attempt.
    body = build_attempt_body(services, job, callback.body)
    claimed = callbacks.begin_attempt(job, callback, services.clock() + _lease_ms(services, callback))
    if claimed.callback is None or not services.store.save(claimed):
        return None
    return _Claim(claimed, claimed.callback, body)


def _lease_ms(services: Services, callback: Callback) -> int:
    """Return a lease so long that attempts whose senders crash follow the schedule of attempts that fail."""
    return max(CALLBACK_LEASE_MS, services.policy.callback_delay(callback.tries + 1, services.random()) or 0)


def _apply_result(services: Services, claim: _Claim, delivery: DeliveryResult) -> Job:
    job, callback = claim.job, claim.callback
    if delivery.result == HELD:
        return callbacks.mark_held(job, callback, delivery.result)
    if callbacks.is_acknowledged(callback, ok=delivery.ok, result=delivery.result):
        return callbacks.mark_delivered(job, callback, delivery.result)
    delay = services.policy.callback_delay(callback.tries, services.random(), delivery.retry_after_ms)
    if delivery.final or delay is None:
        return callbacks.give_up(job, callback, delivery.result)
    next_at = services.clock() + delay
    grace = services.policy.callback_grace_ms if delay <= _QUEUE_DELAY_LIMIT_MS else 0
    return callbacks.schedule_retry(job, callback, delivery.result, next_at, next_at + grace)


def _save(services: Services, before: Job, after: Job) -> None:
    if services.store.save(after):
        services.observer.job_changed(before, after)
        _enqueue_retry(services, after)


def _enqueue_retry(services: Services, job: Job) -> None:
    callback = job.callback
    if callback is None or not callback.is_pending or callback.next_at is None:
        return
    wait = max(0, callback.next_at - services.clock())
    if wait <= _QUEUE_DELAY_LIMIT_MS:
        services.queue.enqueue(job, wait)
