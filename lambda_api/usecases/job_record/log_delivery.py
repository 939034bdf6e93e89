"""Send an event and log the attempt."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.policy import expires_at
from lambda_api.domain.ports import DeliveryResult
from lambda_api.domain.webhooks.delivery import Delivery, DeliveryStatus
from lambda_api.domain.webhooks.target import is_held
from lambda_api.usecases.services import Services

HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One attempt to tell a client something."""

    delivery_id: str
    owner: str
    job_id: str | None
    type: str
    webhook_id: str
    attempt: int
    url: str
    body: str
    expires_at: int


def send(services: Services, message: Message, now: int) -> DeliveryResult:
    """Send a message, or sign it if nobody is to be contacted. Raises nothing."""
    if is_held(message.url):
        return services.sender.hold(message.owner, message.webhook_id, now, message.body)
    return services.sender.send(message.owner, message.url, message.webhook_id, now, message.body)


def log_delivery(
    services: Services,
    message: Message,
    sent_at: int,
    outcome: DeliveryResult,
    *,
    acknowledged: bool,
    next_attempt_at: int | None = None,
) -> Delivery:
    """Write the attempt to the delivery log. Without the log, deliveries go on: an outage of it is only a warning."""
    status = DeliveryStatus.DELIVERED if acknowledged else DeliveryStatus.FAILED
    delivery = Delivery(
        delivery_id=message.delivery_id,
        owner=message.owner,
        job_id=message.job_id,
        type=message.type,
        webhook_id=message.webhook_id,
        attempt=message.attempt,
        url=message.url,
        status=DeliveryStatus.HELD if outcome.result == HELD else status,
        result=outcome.result,
        response=(outcome.response or None) if not outcome.ok else None,
        created_at=sent_at,
        duration_ms=outcome.duration_ms,
        next_attempt_at=next_attempt_at,
        headers=outcome.headers,
        body=message.body,
        expires_at=message.expires_at,
    )
    try:
        services.deliveries.write(delivery)
    except Unavailable:
        services.observer.warn("delivery_log_failed", job_id=message.job_id or "")
    return delivery


def logged_until(services: Services, job: Job) -> int:
    """Return when a job's deliveries are deleted: with the job, in milliseconds since the epoch."""
    return expires_at(job.created_at, job.deadline_at, job.due_at, services.policy.retention_ms)
