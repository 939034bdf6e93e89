"""What can happen to a job. Every event says, where a job lives on, when to look at it next."""

from __future__ import annotations

from dataclasses import dataclass

from contract.errors import Failure
from contract.messages import ProgressReport, ResultManifest
from lambda_api.domain.job import Source


@dataclass(frozen=True, slots=True)
class DispatchBegun:
    """RunPod is about to be asked. `due_at` is when the asker is taken for dead."""

    endpoint_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Dispatched:
    """RunPod took the job."""

    runpod_job_id: str
    endpoint_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class DispatchRefused:
    """RunPod did not take this attempt: throttled, down, unreachable."""

    attempt: int
    due_at: int


@dataclass(frozen=True, slots=True)
class DispatchOutcomeUnknown:
    """The answer got lost: RunPod may run this attempt, so the next one gets a new number, from `not_before` on."""

    attempt: int
    due_at: int
    not_before: int


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """RunPod forgot the job that it called `runpod_job_id`; ours is to be dispatched under a new attempt."""

    runpod_job_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Started:
    """RunPod says that a worker has it."""

    due_at: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """A worker reported."""

    report: ProgressReport
    due_at: int


@dataclass(frozen=True, slots=True)
class Polled:
    """Looked, and nothing is new."""

    due_at: int


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The client wants it to stop; RunPod has not confirmed yet."""

    due_at: int


@dataclass(frozen=True, slots=True)
class Completed:
    manifest: ResultManifest
    price_per_second: float
    source: Source


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure
    source: Source


@dataclass(frozen=True, slots=True)
class TimedOut:
    failure: Failure
    source: Source


@dataclass(frozen=True, slots=True)
class Cancelled:
    failure: Failure
    source: Source


Ending = Completed | Failed | TimedOut | Cancelled
Event = (
    DispatchBegun
    | Dispatched
    | DispatchRefused
    | DispatchOutcomeUnknown
    | Resubmitted
    | Started
    | Progressed
    | Polled
    | CancelRequested
    | Ending
)
