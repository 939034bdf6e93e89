"""Effects that the endpoint's state requests, results of a worker's post, and the state's rules. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Queued:
    """A job waits for a worker."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A job became terminal: its webhook is due."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The worker must stop this job (job-stop channel). `overdue`: it is killed if it continues."""

    worker_id: str
    job_id: str
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """The worker requested its replacement (`stopPod`)."""

    worker_id: str


Effect = Queued | Finished | Stop | Refresh


class Done(Enum):
    """The result of a job-done post."""

    ACCEPTED = auto()
    IGNORED = auto()
    """The job is already finished; the post changes nothing."""
    NOT_YOURS = auto()
    """Another worker runs the job now."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Rules:
    """Retention in seconds, and retries of a lost worker's job. RunPod documents no retry count."""

    retention: float = 1800.0
    sync_retention: float = 60.0
    max_retries: int = 2
