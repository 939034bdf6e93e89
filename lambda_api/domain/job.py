"""A job and the callback it may owe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.errors import Failure
from contract.messages import ExecutionFacts, MediaFacts, OutputFacts
from contract.operations import OperationUnion


class State(StrEnum):
    ACCEPTED = "ACCEPTED"
    """Stored; RunPod has not confirmed it yet."""
    IN_QUEUE = "IN_QUEUE"
    """RunPod has it and no worker reported yet."""
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    """The manifest and the output exist in the bucket."""
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


TERMINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.TIMED_OUT})


class Source(StrEnum):
    """What brought the evidence that ended a job."""

    WEBHOOK = "webhook"
    SWEEPER = "sweeper"
    CANCEL = "cancel"


class CallbackStatus(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A promise to POST the finished job to the client.

    `body` is set by the write that ends the job and never changes: every attempt sends these facts, with a new link to
    the video.
    """

    url: str
    status: CallbackStatus = CallbackStatus.PENDING
    body: str | None = None
    attempts: int = 0
    next_at: int | None = None
    last_result: str | None = None
    """`http_<status>`, `timeout`, `unreachable`, `forbidden_address`, `interrupted`; for the client to read."""

    @property
    def owed(self) -> bool:
        return self.body is not None and self.status is CallbackStatus.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    job_id: str
    owner: str
    operation: OperationUnion
    created_at: int
    deadline_at: int
    state: State = State.ACCEPTED
    version: int = 1
    due_at: int | None = None
    """When the sweeper should look at it; None if nothing is owed."""
    attempt: int = 1
    """The attempt the next (or last) message to RunPod carries. Rises only when one may have been accepted."""
    dispatching: bool = False
    """A dispatch of this attempt began and its outcome is not stored; if it is not in time, the dispatcher died."""
    refusals: int = 0
    """Dispatches in a row that RunPod did not take; sets the back-off."""
    not_before: int = 0
    """When the next attempt may be made; until then the job is only looked at."""
    runpod_job_id: str | None = None
    endpoint_id: str | None = None
    """Where `runpod_job_id` is known, whatever is deployed later."""
    endpoints: Mapping[int, str] = field(default_factory=dict)
    """Where each attempt went, or goes: a worker may be the first to tell RunPod's id of any of them."""
    submitted_at: int | None = None
    started_at: int | None = None
    completed_at: int | None = None
    cancel_requested: bool = False
    percent: int = 0
    stage: str = "queued"
    progress_seen: tuple[int, int] = (0, 0)
    """(attempt, seq) of the newest progress report."""
    output: OutputFacts | None = None
    media: MediaFacts | None = None
    execution: ExecutionFacts | None = None
    price_per_second: float | None = None
    settled_by: Source | None = None
    error: Failure | None = None
    callback: Callback | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def terminal(self) -> bool:
        return self.state in TERMINAL
