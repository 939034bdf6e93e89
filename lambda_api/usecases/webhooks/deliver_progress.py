"""Tell a client how far its job is: once per mark, and only while that is news."""

from __future__ import annotations

from contract.events import EventType
from lambda_api.domain.webhooks.delivery import delivery_id
from lambda_api.domain.webhooks.events import MARKS, current_mark, message_id
from lambda_api.usecases.job_record.callback_body import build_progress_body
from lambda_api.usecases.job_record.log_delivery import Message, log_delivery, logged_until, send
from lambda_api.usecases.services import Services


def deliver_progress(services: Services, job_id: str, mark: int) -> bool:
    """Send the event if the job still runs and has not reached the next mark; True if it was sent.

    One attempt: the next mark or the end will tell more. A claim in the log makes a message that SQS delivers twice
    one event. Raises Unavailable before anything is sent.
    """
    job = services.store.get(job_id)
    if job is None or job.callback is None or job.is_terminal or mark not in MARKS or current_mark(job.percent) != mark:
        return False
    message = Message(
        delivery_id=delivery_id(job_id, 1, mark),
        owner=job.owner,
        job_id=job_id,
        type=EventType.PROGRESS,
        webhook_id=message_id(job_id, mark),
        attempt=1,
        url=job.callback.url,
        body=build_progress_body(services, job),
        expires_at=logged_until(services, job),
    )
    if not services.deliveries.claim(message.delivery_id, message.expires_at):
        return False
    sent_at = services.clock()
    outcome = send(services, message, sent_at)
    log_delivery(services, message, sent_at, outcome, acknowledged=outcome.ok)
    return True
