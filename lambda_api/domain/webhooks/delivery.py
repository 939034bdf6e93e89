"""One attempt to deliver an event, as the delivery log keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lambda_api.domain.job import Job
from lambda_api.domain.webhooks.events import MARKS

MAX_LISTED_ATTEMPTS = 97
"""Attempts that the list of one job shows at most, with its three marks of progress: one batch of 100 rows."""


class DeliveryStatus(StrEnum):
    """The outcome of an attempt."""

    DELIVERED = "delivered"
    """The receiver acknowledged it."""
    FAILED = "failed"
    """It did not; `next_attempt_at` says whether it is tried again."""
    HELD = "held"
    """Signed and logged, to be forwarded by `api-gpu webhooks listen`. The gateway contacted nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Times in milliseconds since the epoch."""

    delivery_id: str
    owner: str
    job_id: str | None
    """None for a test."""
    type: str
    webhook_id: str
    attempt: int
    url: str
    status: DeliveryStatus
    result: str
    """As `Callback.last_result`, or `held`."""
    response: str | None = None
    """Start of the receiver's response if it did not acknowledge."""
    created_at: int
    duration_ms: int
    next_attempt_at: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """The three headers of Standard Webhooks; empty if nothing was signed."""
    body: str
    """Exactly what was sent."""
    expires_at: int


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    deliveries: tuple[Delivery, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class WebhookDefault:
    """The target of callbacks of an owner's jobs that name no URL. `events`: None for the four endings."""

    url: str
    events: tuple[str, ...] | None = None


def delivery_id(job_id: str, attempt: int, mark: int | None = None) -> str:
    """Return the id of an attempt: the same whenever the same attempt is written, so that no row is doubled."""
    return f"dlv_{job_id}_{'end' if mark is None else mark}_{attempt}"


def delivery_ids(job: Job) -> list[str]:
    """Return the ids that deliveries of this job can have, the newest attempts first."""
    if job.callback is None:
        return []
    attempts = range(job.callback.attempts, max(0, job.callback.attempts - MAX_LISTED_ATTEMPTS), -1)
    return [delivery_id(job.job_id, number) for number in attempts] + [
        delivery_id(job.job_id, 1, mark) for mark in MARKS
    ]
