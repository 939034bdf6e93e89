"""Events in the life of a job. Each one that leaves the job unfinished carries `due_at`, when to check it next."""

from __future__ import annotations

from dataclasses import dataclass

from contract.errors import Failure
from contract.messages import ProgressReport, ResultManifest
from contract.prices import PRICE_TABLE_VERSION
from lambda_api.domain.job import Source


@dataclass(frozen=True, slots=True)
class DispatchBegun:
    """A dispatcher is about to call RunPod. After `due_at` the dispatcher is presumed dead."""

    endpoint_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Dispatched:
    """RunPod accepted the job."""

    runpod_job_id: str
    endpoint_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class DispatchRefused:
    """RunPod did not accept this attempt: throttled, down, unreachable."""

    attempt: int
    due_at: int


@dataclass(frozen=True, slots=True)
class DispatchOutcomeUnknown:
    """The response was lost: RunPod may run this attempt. The next one gets a new number, from `not_before` on."""

    attempt: int
    due_at: int
    not_before: int


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """RunPod forgot its job `runpod_job_id`: dispatch the job again as a new attempt."""

    runpod_job_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Started:
    """RunPod reports that a worker has the job."""

    due_at: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """A worker reported its progress."""

    report: ProgressReport
    due_at: int


@dataclass(frozen=True, slots=True)
class Polled:
    """The job was checked and nothing has changed."""

    due_at: int


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The client requested a cancel; RunPod has not confirmed it yet."""

    due_at: int


@dataclass(frozen=True, slots=True)
class Completed:
    manifest: ResultManifest
    price_per_second: float
    source: Source
    price_table: str = PRICE_TABLE_VERSION


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
