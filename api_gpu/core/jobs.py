"""Submit a job, follow it to its end, and list jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api_gpu.core.calls import call
from api_gpu.core.context import Context
from api_gpu.core.effects import Flow, Item, Sleep
from api_gpu.core.uploads import OnUpload, upload_files
from api_gpu.errors import ApiGpuError

Data = dict[str, Any]
MAX_WAIT = 25
"""Seconds that the API waits for a job to finish (`Prefer: wait`)."""
_FIRST_POLL, _POLL_FACTOR, _LAST_POLL = 0.5, 1.5, 5.0
_PATIENCE = 3
"""A long wait outlives a longer outage: this many times the usual retries."""


def submit(
    context: Context,
    path: str,
    body: Mapping[str, Any],
    url_fields: frozenset[str] | None,
    *,
    idempotency_key: str,
    wait: float | None = None,
    on_upload: OnUpload | None = None,
) -> Flow[Data]:
    """Send the files of a request, then the request. Returns the job."""
    sent = yield from upload_files(context, dict(body), url_fields, on_upload)
    headers, read_seconds = {"Idempotency-Key": idempotency_key}, None
    if wait:
        headers["Prefer"] = f"wait={min(MAX_WAIT, max(1, round(wait)))}"
        read_seconds = max(context.read_seconds, MAX_WAIT + 10.0)
    job = yield from call(context, "POST", path, json=sent, headers=headers, read_seconds=read_seconds)
    return _checked(job)


def dry_run(context: Context, path: str, body: Mapping[str, Any], url_fields: frozenset[str] | None) -> Flow[Data]:
    """Check a request without making a job. Its files are sent, since the check reads them."""
    sent = yield from upload_files(context, dict(body), url_fields, None)
    answer = yield from call(context, "POST", path, json={**sent, "dry_run": True})
    return dict(answer or {})


def read(context: Context, job_id: str, *, patience: int = 1) -> Flow[Data]:
    """Return a job."""
    job = yield from call(context, "GET", f"/job/{quoted(job_id)}", patience=patience)
    return _checked(job)


def wait(
    context: Context, job_id: str, timeout: float | None, seen: Callable[[Data], bool], *, first: Data | None = None
) -> Flow[bool]:
    """Read a job until `seen` returns True. Returns False if that takes longer than `timeout` seconds.

    `first` is what is known of it; without it the first read is at once.
    """
    began = context.clock()
    interval = _FIRST_POLL
    data = first
    while True:
        if data is None:
            data = yield from read(context, job_id, patience=_PATIENCE)
        if seen(data):
            return True
        left = float("inf") if timeout is None else timeout - (context.clock() - began)
        if left <= 0:
            return False
        yield Sleep(min(interval, left))
        interval = min(_LAST_POLL, interval * _POLL_FACTOR)
        data = None


def events(context: Context, job_id: str, is_finished: Callable[[Data], bool]) -> Flow[None]:
    """Yield a job at first and whenever its status or progress has changed, until it has finished."""
    known: object = None
    interval = _FIRST_POLL
    while True:
        data = yield from read(context, job_id, patience=_PATIENCE)
        change = (data.get("status"), data.get("progress"))
        if change != known:
            known, interval = change, _FIRST_POLL
            yield Item(data)
        if is_finished(data):
            return
        yield Sleep(interval)
        interval = min(_LAST_POLL, interval * _POLL_FACTOR)


def pages(
    context: Context, path: str, key: str, params: Mapping[str, Any], limit: int | None, cursor: str
) -> Flow[None]:
    """Yield the entries of all pages of a list, up to `limit`. `cursor` is the parameter of the next page."""
    left = float("inf") if limit is None else limit
    query = dict(params)
    while left > 0:
        page = yield from call(context, "GET", path, params={**query, "limit": int(min(left, 100))})
        entries = page.get(key) or []
        for entry in entries[: None if limit is None else int(left)]:
            yield Item(entry)
        left -= len(entries)
        token = page.get("next_cursor")
        # A page of a filtered list may be empty and yet lead on. The end of what `after` finds is an empty page.
        is_end = not entries and cursor == "after"
        if not token or is_end or query.get(cursor) == token:
            return
        query[cursor] = token


def quoted(job_id: str) -> str:
    """Return an id as a part of a path. Raises ApiGpuError."""
    if not job_id or not all(letter.isalnum() or letter in "-_" for letter in job_id) or not job_id.isascii():
        raise ApiGpuError("that is no job id: ids have letters, digits, - and _")
    return job_id


def _checked(job: Any) -> Data:
    if not isinstance(job, dict) or "job_id" not in job:
        raise ApiGpuError("the answer is no job; check that base_url is the address of the API")
    return job
