"""A job without I/O: the base of `Job` and `AsyncJob`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from api_gpu.errors import ApiGpuError, JobFailed

SUCCEEDED = "COMPLETED"
ENDINGS = frozenset({SUCCEEDED, "FAILED", "CANCELLED", "TIMED_OUT"})
ACTIVE = frozenset({"ACCEPTED", "IN_QUEUE", "IN_PROGRESS"})


class Progress(NamedTuple):
    """The progress of a job. `stage` is the step of the work, such as `encode`; empty before it begins."""

    percent: int
    stage: str


class JobEvent(NamedTuple):
    """A change of a job: its status, its progress, and the job as it was then."""

    status: str
    percent: int
    stage: str
    data: Mapping[str, Any]

    def __repr__(self) -> str:
        """Leave out the data, which have signed URLs."""
        return f"JobEvent({self.status}, {self.percent} %, {self.stage!r})"


class JobData:
    """A job by its id, and what was last read of it. Statuses and fields that this version does not know are kept."""

    def __init__(self, job_id: str, data: Mapping[str, Any] | None = None, idempotency_key: str | None = None) -> None:
        self.id = job_id
        self._data: dict[str, Any] | None = None if data is None else dict(data)
        self.idempotency_key = idempotency_key
        """The key of the submit, if this object made the job: the same key and body return the same job for a day."""

    def __repr__(self) -> str:
        status = "not read yet" if self._data is None else self._data.get("status")
        return f"<{type(self).__name__} {self.id} {status}>"

    @property
    def data(self) -> dict[str, Any]:
        """The job as the API last answered, with all fields."""
        if self._data is None:
            raise ApiGpuError(f"job {self.id} has not been read yet; call refresh() first")
        return self._data

    @property
    def status(self) -> str:
        """ACCEPTED, IN_QUEUE, IN_PROGRESS, COMPLETED, FAILED, CANCELLED or TIMED_OUT; unknown ones are new ones."""
        return str(self.data.get("status"))

    @property
    def is_finished(self) -> bool:
        """True if the status cannot change any more."""
        return has_finished(self.data)

    @property
    def progress(self) -> Progress:
        """How far the job is."""
        return progress_of(self.data)

    @property
    def video_url(self) -> str | None:
        """A URL of the main video, which lasts an hour; None if there is none (yet)."""
        return self.data.get("video_url")

    @property
    def error(self) -> Mapping[str, Any] | None:
        """`code`, `message`, `blame` and `retryable` of a failed job."""
        return self.data.get("error")

    @property
    def cost(self) -> Mapping[str, Any] | None:
        """What the job cost, as far as it is known."""
        return self.data.get("cost")

    @property
    def artifacts(self) -> list[Mapping[str, Any]]:
        """All files of the job, the main one first."""
        return list(self.data.get("artifacts") or ())

    def raise_for_status(self) -> None:
        """Raise JobFailed if the job has ended without a result."""
        if self.is_finished and self.status != SUCCEEDED:
            raise JobFailed(self)

    def _take(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)


def has_finished(data: Mapping[str, Any]) -> bool:
    """Return True if a job cannot change any more, also in a state that is newer than this version."""
    status = data.get("status")
    return status in ENDINGS or (status not in ACTIVE and data.get("completed_at") is not None)


def progress_of(data: Mapping[str, Any]) -> Progress:
    """Return the progress of a job."""
    progress = data.get("progress") or {}
    return Progress(int(progress.get("percent") or 0), str(progress.get("stage") or ""))


def event_of(data: Mapping[str, Any]) -> JobEvent:
    """Return what has changed."""
    return JobEvent(str(data.get("status")), *progress_of(data), data)
