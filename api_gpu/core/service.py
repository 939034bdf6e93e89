"""The other routes, as flows that both clients run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from api_gpu.core.calls import call
from api_gpu.core.context import Context
from api_gpu.core.effects import Flow
from api_gpu.core.jobs import pages

Answer = dict[str, Any]
Moment = str | date | datetime


def get(context: Context, path: str, params: Mapping[str, object] | None = None) -> Flow[Answer]:
    """Read a route."""
    return dict((yield from call(context, "GET", path, params=params)) or {})


def request(context: Context, method: str, path: str, json: object, params: Mapping[str, object] | None) -> Flow[Any]:
    """Call any route. A POST gets an idempotency key, since it may be a submit, and retries must make one job."""
    headers = {"Idempotency-Key": context.new_key()} if method.upper() == "POST" else {}
    return call(context, method.upper(), path, json=json, params=params, headers=headers)


def costs(context: Context, from_: Moment | None, to: Moment | None, group_by: str | None) -> Flow[Answer]:
    """Return what jobs cost between two moments."""
    return get(context, "/costs", {"from": moment(from_), "to": moment(to), "group_by": group_by})


def list_jobs(context: Context, query: Mapping[str, Any], limit: int | None) -> Flow[None]:
    """Yield jobs, newest first."""
    metadata = query.get("metadata") or {}
    pairs = [f"{key}:{value}" for key, value in metadata.items()] or None
    given = {
        **query,
        "metadata": pairs,
        "created_after": moment(query.get("created_after")),
        "created_before": moment(query.get("created_before")),
    }
    return pages(context, "/jobs", "jobs", given, limit, "cursor")


def list_deliveries(context: Context, job_id: str | None, after: Moment | None, limit: int | None) -> Flow[None]:
    """Yield deliveries: after a cursor or a time from the oldest on, else from the newest on."""
    # Pages of the first kind are continued by `after`, of the second by `cursor`.
    cursor = "cursor" if after is None else "after"
    return pages(
        context, "/webhooks/deliveries", "deliveries", {"job_id": job_id, "after": moment(after)}, limit, cursor
    )


def test_webhook(context: Context, url: str | None) -> Flow[Answer]:
    """Send a test delivery."""
    return dict((yield from call(context, "POST", "/webhooks/test", json={"url": url} if url else {})))


def set_default(context: Context, url: str, events: Sequence[str] | None) -> Flow[Answer]:
    """Set the URL for jobs that name none."""
    body = {"url": url} if events is None else {"url": url, "events": list(events)}
    return dict((yield from call(context, "PUT", "/webhooks/default", json=body)) or {})


def delete_default(context: Context) -> Flow[None]:
    """Remove the URL for jobs that name none."""
    yield from call(context, "DELETE", "/webhooks/default")


def moment(value: Moment | None) -> str | None:
    """Return a date or a time as RFC 3339 has it. A time without a zone is local, as everywhere in Python."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.astimezone()).isoformat()
    return value.isoformat() if isinstance(value, date) else value
