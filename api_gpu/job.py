"""A job, to wait for, save or cancel; `AsyncJob` is the same for asyncio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from api_gpu.core import job_calls, jobs
from api_gpu.core.context import Context
from api_gpu.core.downloads import OnDownload
from api_gpu.drivers.threads import ThreadDriver
from api_gpu.job_data import JobData, JobEvent, event_of, has_finished


class Job(JobData):
    """A job. Made by a submit, or from an id by `client.job(id)`, in any process."""

    def __init__(
        self, context: Context, driver: ThreadDriver, job_id: str, data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(job_id, data, idempotency_key)
        self._context, self._driver = context, driver

    @property
    def data(self) -> dict[str, Any]:
        """The job as the API last answered, with all fields; read at first use."""
        if self._data is None:
            self.refresh()
        return super().data

    def refresh(self) -> Job:
        """Read the job again."""
        self._driver.run(job_calls.refresh(self._context, self))
        return self

    def wait(self, timeout: float | None = None, on_progress: Callable[[Job], object] | None = None) -> Job:
        """Wait until the job has finished, however it ends; see `raise_for_status`.

        `timeout` in seconds; the job goes on after it. `on_progress` is called with the job after each change.
        Raises WaitTimeout.
        """
        report = None if on_progress is None else lambda: on_progress(self)
        self._driver.run(job_calls.wait(self._context, self, timeout, report))
        return self

    def events(self) -> Iterator[JobEvent]:
        """Yield the job's state, and each change of it, until it has finished."""
        for data in self._driver.iterate(jobs.events(self._context, self.id, has_finished)):
            self._take(data)
            yield event_of(data)

    def cancel(self) -> Job:
        """Cancel the job. Raises ConflictError if it has already finished."""
        self._driver.run(job_calls.act(self._context, self, "cancel"))
        return self

    def download(
        self, path: str | Path | None = None, artifact: str | None = None, on_progress: OnDownload | None = None
    ) -> Path:
        """Save the main file, or the one that `artifact` names; returns its path.

        `path` is a file or a folder; by default the file's own name in this folder. A file that is there is replaced.
        The bytes go into `<path>.part` first; a download that broke off is continued, also by another process.
        Size and SHA-256 are verified. Raises DownloadError, JobFailed.
        """
        return self._driver.run(job_calls.save(self._context, self, artifact, path, on_progress))

    def download_all(self, folder: str | Path = ".", on_progress: OnDownload | None = None) -> list[Path]:
        """Save all files into a folder, under their names; returns their paths."""
        return self._driver.run(job_calls.save_all(self._context, self, folder, on_progress))

    def share(self, expires_in: float | None = None, artifact: str | None = None) -> dict[str, Any]:
        """Make a link to a file that needs no key: `url` and `expires_at`. `expires_in` in seconds (7 days)."""
        return self._driver.run(job_calls.share(self._context, self, expires_in, artifact))

    def unshare(self) -> None:
        """Revoke all links."""
        self._driver.run(job_calls.unshare(self._context, self))

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the deliveries of the job's callbacks."""
        return self._driver.run(job_calls.deliveries(self._context, self))

    def redeliver(self) -> Job:
        """Send the callback again: the same `webhook-id`, a new signature."""
        self._driver.run(job_calls.act(self._context, self, "redeliver"))
        return self
