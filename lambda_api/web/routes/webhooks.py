"""Deliveries of callbacks, tests of receivers, and the default receiver."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.moments import EXPECTED, read_moment
from lambda_api.domain.views.job_schema import JobView
from lambda_api.domain.webhooks.delivery import WebhookDefault
from lambda_api.usecases.job_record.represent_job import represent_job
from lambda_api.usecases.webhooks import default_target
from lambda_api.usecases.webhooks import redeliver as redelivering
from lambda_api.usecases.webhooks.list_deliveries import list_deliveries, list_job_deliveries
from lambda_api.usecases.webhooks.send_test import send_test
from lambda_api.web.routes.base import keyed_router, problem_responses, services_of, with_base_path
from lambda_api.web.routes.jobs import CursorQuery, JobIdPath
from lambda_api.web.validation.webhooks import (
    DeliveryList,
    DeliveryView,
    WebhookDefaultBody,
    WebhookDefaultView,
    WebhookTest,
    WebhookTestResult,
)

_AFTER = (
    "A cursor, or a time such as `2026-12-01T09:30:00Z`: return what was logged since then, oldest first. Continue "
    "with `next_cursor` as `after`. The last second is left out, so that no entry is missed. "
    "`cursor` is not used."
)

router = keyed_router("Webhooks")


@router.get("/webhooks/deliveries", responses=problem_responses(404))
async def list_webhook_deliveries(
    request: Request,
    job_id: Annotated[
        str | None,
        Query(description="Only those of this job, newest first, on one page. `after` and `cursor` are not used."),
    ] = None,
    after: Annotated[
        str | None, Query(max_length=256, description=_AFTER, json_schema_extra={"format": "cursor"})
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Deliveries per page.", examples=[20])] = 20,
    cursor: CursorQuery = None,
) -> DeliveryList:
    """List your deliveries, newest first: every attempt, with the receiver's response and exactly what was sent."""
    services, owner = services_of(request), request.state.owner
    if job_id is not None:
        found = list_job_deliveries(services, owner, job_id)[:limit]
        return DeliveryList(deliveries=[DeliveryView.of(delivery) for delivery in found], next_cursor=None)
    page = list_deliveries(services, owner, limit, cursor=cursor, after=_position(after))
    return DeliveryList(deliveries=[DeliveryView.of(delivery) for delivery in page.deliveries], next_cursor=page.cursor)


@router.get("/job/{job_id}/deliveries", responses=problem_responses(404))
async def list_deliveries_of_job(request: Request, job_id: JobIdPath) -> DeliveryList:
    """List the deliveries of one job, newest first: at most its last 97 attempts, and its events of progress."""
    found = list_job_deliveries(services_of(request), request.state.owner, job_id)
    return DeliveryList(deliveries=[DeliveryView.of(delivery) for delivery in found], next_cursor=None)


@router.post("/job/{job_id}/redeliver", status_code=202, responses=problem_responses(404, 409))
async def redeliver_job(request: Request, job_id: JobIdPath) -> JobView:
    """Send the callback of a finished job again, now.

    It has the same `webhook-id` and a new signature, and is retried on the whole schedule. 409 if the job has not
    finished (`job_not_finished`) or has nowhere to send it (`no_webhook_url`).
    """
    services = services_of(request)
    job = redelivering.redeliver(services, request.state.owner, job_id)
    return with_base_path(request, represent_job(services, job))


@router.post("/webhooks/test", responses=problem_responses(400, 409, 413, 415))
async def test_webhook(request: Request, body: WebhookTest) -> WebhookTestResult:
    """Send a signed `webhook.test` event to a URL, or to your default, and return how the receiver responded."""
    delivery = send_test(services_of(request), request.state.owner, body.url)
    return WebhookTestResult(
        delivery_id=delivery.delivery_id,
        type=delivery.type,
        status=delivery.status,
        result=delivery.result,
        duration_ms=delivery.duration_ms,
        response=delivery.response,
    )


@router.get("/webhooks/default", responses=problem_responses(404))
async def get_default_webhook(request: Request) -> WebhookDefaultView:
    """Read where callbacks go of jobs that name no `webhook_url`."""
    return WebhookDefaultView.of(default_target.get_default(services_of(request), request.state.owner))


@router.put("/webhooks/default", responses=problem_responses(400, 413, 415))
async def set_default_webhook(request: Request, body: WebhookDefaultBody) -> WebhookDefaultView:
    """Set where callbacks go of jobs that name no `webhook_url`. It takes effect within a minute."""
    default = WebhookDefault(body.url, body.events)
    default_target.set_default(services_of(request), request.state.owner, default)
    return WebhookDefaultView.of(default)


@router.delete("/webhooks/default", status_code=204)
async def delete_default_webhook(request: Request) -> Response:
    """Remove the default. It takes effect within a minute."""
    default_target.remove_default(services_of(request), request.state.owner)
    return Response(status_code=204)


def _position(after: str | None) -> str | None:
    """Return a cursor as it is, and a time as milliseconds. Raises InvalidRequest."""
    # No cursor has a hyphen there.
    if after is None or "-" not in after[:5]:
        return after
    try:
        return str(read_moment(after))
    except (ValueError, OverflowError):
        raise InvalidRequest.naming((("after", EXPECTED),)) from None
