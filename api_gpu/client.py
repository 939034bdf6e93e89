"""The client; `AsyncClient` is the same for asyncio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from api_gpu import client_base
from api_gpu.core import job_calls, jobs, service
from api_gpu.core.context import Context
from api_gpu.core.service import Moment
from api_gpu.core.upload_cache import Upload
from api_gpu.core.uploads import OnUpload, upload_file
from api_gpu.drivers.threads import ThreadDriver
from api_gpu.job import Job
from api_gpu.operations import OperationMethods


class Client(OperationMethods):
    """A connection to the API. It may be used by several threads, and as a context manager, which closes it.

    `base_url` and `api_key` come from API_GPU_URL and API_GPU_KEY where they are not given. `timeout` is the number of
    seconds that one read may take (60). Connection errors, 408, 429 and 5xx are tried `max_retries` more times.
    """

    def __init__(
        self, base_url: str | None = None, api_key: str | None = None, *, timeout: float | None = None,
        max_retries: int = 3, http_client: httpx2.Client | None = None,
    ) -> None:  # fmt: skip
        context = client_base.make_context(base_url, api_key, timeout, max_retries)
        self._owns_http = http_client is None
        self._set_up(context, ThreadDriver(http_client or httpx2.Client(), context.read_seconds))

    def _set_up(self, context: Context, driver: ThreadDriver) -> None:
        self._context, self._driver = context, driver

    def __repr__(self) -> str:
        return f"Client({self._context.base_url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless `http_client` was given."""
        if self._owns_http:
            self._driver.http.close()

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Client:
        """Return a client with other limits, over the same connections and uploads."""
        seconds = client_base.check_timeout(timeout, self._context.read_seconds)
        retries = self._context.max_retries if max_retries is None else max_retries
        other = object.__new__(type(self))
        other._owns_http = False
        other._set_up(
            replace(self._context, read_seconds=seconds, max_retries=retries), self._driver.with_timeout(seconds)
        )
        return other

    def submit(
        self, operation: str, body: Mapping[str, Any], *, idempotency_key: str | None = None,
        wait: float | None = None, on_upload: OnUpload | None = None,
    ) -> Job:  # fmt: skip
        """Make a job, after its files are sent: paths and open binary files in `body` stand for their URLs.

        `wait` lets the API wait for the end for up to 25 s. `on_upload` is called with a filename, the bytes sent, and
        all of them. A retry never makes a second job.
        """
        path, url_fields = client_base.find_operation(operation)
        key = idempotency_key or self._context.new_key()
        flow = jobs.submit(
            self._context, path, body, url_fields, idempotency_key=key, wait=wait, on_upload=on_upload
        )  # fmt: skip
        return self._job(self._driver.run(flow), key)

    def run(
        self, operation: str, body: Mapping[str, Any], timeout: float | None = None,
        on_progress: Callable[[Job], object] | None = None, on_upload: OnUpload | None = None,
        *, idempotency_key: str | None = None,
    ) -> Job:  # fmt: skip
        """Make a job and wait for its success. Raises JobFailed, and WaitTimeout after `timeout` seconds of waiting."""
        began = self._context.clock()
        first = client_base.first_wait(timeout, has_progress=on_progress is not None)
        job = self.submit(operation, body, idempotency_key=idempotency_key, wait=first, on_upload=on_upload)
        spent = self._context.clock() - began if first else 0.0
        left = None if timeout is None else max(0.0, timeout - spent)
        report = None if on_progress is None else lambda: on_progress(job)
        self._driver.run(job_calls.wait(self._context, job, left, report, is_new=True))
        job.raise_for_status()
        return job

    def dry_run(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Check a request, its inputs and its cost, without making a job. Files are sent."""
        path, url_fields = client_base.find_operation(operation)
        return self._driver.run(jobs.dry_run(self._context, path, body, url_fields))

    def job(self, job_id: str) -> Job:
        """Return a handle of a job; it is read at first use."""
        return Job(self._context, self._driver, jobs.quoted(job_id))

    def jobs(
        self, *, state: str | Sequence[str] | None = None, operation: str | None = None,
        metadata: Mapping[str, str] | None = None,
        created_after: Moment | None = None, created_before: Moment | None = None, limit: int | None = None,
    ) -> Iterator[Job]:  # fmt: skip
        """Iterate over your jobs, newest first, over all pages or up to `limit`. `state` may be several."""
        query = {"state": state, "operation": operation, "metadata": metadata,
                 "created_after": created_after, "created_before": created_before}  # fmt: skip
        for data in self._driver.iterate(service.list_jobs(self._context, query, limit)):
            yield self._job(data)

    def upload(self, path: str | Path | BinaryIO, on_progress: OnUpload | None = None) -> Upload:
        """Send a file; `str(upload)` is accepted wherever a URL of an input is. Equal files are sent once."""
        return self._driver.run(upload_file(self._context, path, on_progress))

    def fonts(self) -> dict[str, Any]:
        """Return the presets and fonts of captions."""
        return self._driver.run(service.get(self._context, "/fonts"))

    def health(self) -> dict[str, Any]:
        """Return whether the API answers."""
        return self._driver.run(service.get(self._context, "/health"))

    def costs(
        self, from_: Moment | None = None, to: Moment | None = None, group_by: str | None = None
    ) -> dict[str, Any]:
        """Return what your jobs cost, by `day`, `operation` or `gpu_type`; by default of the last 30 days."""
        return self._driver.run(service.costs(self._context, from_, to, group_by))

    def deliveries(
        self, job_id: str | None = None, after: Moment | None = None, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Iterate over deliveries of callbacks: after a cursor or time from the oldest on, else from the newest."""
        yield from self._driver.iterate(service.list_deliveries(self._context, job_id, after, limit))

    def redeliver(self, job_id: str) -> Job:
        """Send the callback of a finished job again."""
        return self.job(job_id).redeliver()

    def test_webhook(self, url: str | None = None) -> dict[str, Any]:
        """Send a signed test delivery now, by default to the default URL; returns what the receiver answered."""
        return self._driver.run(service.test_webhook(self._context, url))

    def webhook_default(self) -> dict[str, Any]:
        """Return the URL that is used for jobs that name none."""
        return self._driver.run(service.get(self._context, "/webhooks/default"))

    def set_webhook_default(self, url: str, events: Sequence[str] | None = None) -> dict[str, Any]:
        """Set the URL that is used for jobs that name none; it takes effect within a minute."""
        return self._driver.run(service.set_default(self._context, url, events))

    def delete_webhook_default(self) -> None:
        """Remove that URL."""
        self._driver.run(service.delete_default(self._context))

    def request(self, method: str, path: str, json: object = None, params: Mapping[str, object] | None = None) -> Any:
        """Call any route, with the key and the usual retries; returns the JSON of the answer, or None.

        A POST has an `Idempotency-Key`, so that a submit makes one job.
        """
        return self._driver.run(service.request(self._context, method, path, json, params))

    def _job(self, data: Mapping[str, Any], idempotency_key: str | None = None) -> Job:
        return Job(self._context, self._driver, str(data["job_id"]), data, idempotency_key)
