"""Read the delivery log."""

from __future__ import annotations

from lambda_api.domain.webhooks.delivery import Delivery, DeliveryPage, delivery_ids
from lambda_api.usecases.job_record.find_owned_job import find_owned_job
from lambda_api.usecases.services import Services


def list_deliveries(
    services: Services, owner: str, limit: int, *, cursor: str | None = None, after: str | None = None
) -> DeliveryPage:
    """Return the owner's deliveries: newest first, or, with `after`, what was logged since then, oldest first.

    `after` is a cursor, or milliseconds since the epoch; it takes precedence over `cursor`. Raises
    InvalidRequest, Unavailable.
    """
    if after is None:
        return services.deliveries.newest(owner, limit, cursor)
    return services.deliveries.after(owner, limit, after, services.clock())


def list_job_deliveries(services: Services, owner: str, job_id: str) -> list[Delivery]:
    """Return the deliveries of one job, newest first. Raises NotFound, Unavailable."""
    job = find_owned_job(services, owner, job_id)
    found = services.deliveries.find(delivery_ids(job))
    return sorted(found, key=lambda delivery: (delivery.created_at, delivery.attempt), reverse=True)
