"""What the endpoint's state asks of the outside, what it answers to a worker's post, and its rules. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Queued:
    """A job waits for a worker."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A job became terminal: its webhook is due."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The worker must stop this job (job-stop channel). `overdue`: and be killed if it goes on."""

    worker_id: str
    job_id: str
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """The worker asked to be replaced (`stopPod`)."""

    worker_id: str


Effect = Queued | Ended | Stop | Refresh


class Done(Enum):
    """What became of a job-done post."""

    ACCEPTED = auto()
    IGNORED = auto()
    """The job is already over; the post changes nothing."""
    NOT_YOURS = auto()
    """Another worker runs the job now."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds, and how often a lost worker's job is tried again. RunPod documents no retry count."""

    retention: float = 1800.0
    sync_retention: float = 60.0
    max_retries: int = 2
