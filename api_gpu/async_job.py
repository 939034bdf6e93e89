"""`Job` for asyncio: the same methods, awaited. tests/api_gpu/test_pair.py compares the two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from api_gpu.core import job_calls, jobs
from api_gpu.core.context import Context
from api_gpu.core.downloads import OnDownload
from api_gpu.drivers.tasks import TaskDriver
from api_gpu.job_data import JobData, JobEvent, event_of, has_finished


class AsyncJob(JobData):
    """A job. Made by a submit, or from an id by `client.job(id)`: then `refresh` or `wait` comes first."""

    def __init__(
        self, context: Context, driver: TaskDriver, job_id: str, data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(job_id, data, idempotency_key)
        self._context, self._driver = context, driver

    async def refresh(self) -> AsyncJob:
        """Read the job again."""
        await self._driver.run(job_calls.refresh(self._context, self))
        return self

    async def wait(
        self, timeout: float | None = None, on_progress: Callable[[AsyncJob], object] | None = None
    ) -> AsyncJob:
        """Wait until the job has finished, however it ends; see `raise_for_status`.

        `timeout` in seconds; the job goes on after it. `on_progress` is called with the job after each change.
        Raises WaitTimeout.
        """
        report = None if on_progress is None else lambda: on_progress(self)
        await self._driver.run(job_calls.wait(self._context, self, timeout, report))
        return self

    async def events(self) -> AsyncIterator[JobEvent]:
        """Yield the job's state, and each change of it, until it has finished."""
        async for data in self._driver.iterate(jobs.events(self._context, self.id, has_finished)):
            self._take(data)
            yield event_of(data)

    async def cancel(self) -> AsyncJob:
        """Cancel the job. Raises ConflictError if it has already finished."""
        await self._driver.run(job_calls.act(self._context, self, "cancel"))
        return self

    async def download(
        self, path: str | Path | None = None, artifact: str | None = None, on_progress: OnDownload | None = None
    ) -> Path:
        """Save the main file, or the one that `artifact` names; returns its path.

        `path` is a file or a folder; by default the file's own name in this folder. A file that is there is replaced.
        The bytes go into `<path>.part` first; a download that broke off is continued, also by another process.
        Size and SHA-256 are verified. Raises DownloadError, JobFailed.
        """
        return await self._driver.run(job_calls.save(self._context, self, artifact, path, on_progress))

    async def download_all(self, folder: str | Path = ".", on_progress: OnDownload | None = None) -> list[Path]:
        """Save all files into a folder, under their names; returns their paths."""
        return await self._driver.run(job_calls.save_all(self._context, self, folder, on_progress))

    async def share(self, expires_in: float | None = None, artifact: str | None = None) -> dict[str, Any]:
        """Make a link to a file that needs no key: `url` and `expires_at`. `expires_in` in seconds (7 days)."""
        return await self._driver.run(job_calls.share(self._context, self, expires_in, artifact))

    async def unshare(self) -> None:
        """Revoke all links."""
        await self._driver.run(job_calls.unshare(self._context, self))

    async def deliveries(self) -> list[dict[str, Any]]:
        """Return the deliveries of the job's callbacks."""
        return await self._driver.run(job_calls.deliveries(self._context, self))

    async def redeliver(self) -> AsyncJob:
        """Send the callback again: the same `webhook-id`, a new signature."""
        await self._driver.run(job_calls.act(self._context, self, "redeliver"))
        return self
