"""A job and its callback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.errors import Failure
from contract.messages import ArtifactFacts, ExecutionFacts, MediaFacts
from contract.operations import OperationUnion


class State(StrEnum):
    """The state of a job."""

    ACCEPTED = "ACCEPTED"
    """Stored; RunPod has not confirmed it yet."""
    IN_QUEUE = "IN_QUEUE"
    """RunPod has it; no worker has reported yet."""
    IN_PROGRESS = "IN_PROGRESS"
    """A worker has started it."""
    COMPLETED = "COMPLETED"
    """The manifest and all artifacts exist in the bucket."""
    FAILED = "FAILED"
    """It ended with an `error`; there are no files."""
    CANCELLED = "CANCELLED"
    """A client cancelled it."""
    TIMED_OUT = "TIMED_OUT"
    """It did not finish before its deadline."""


TERMINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.TIMED_OUT})


class Source(StrEnum):
    """The component that found the evidence which ended a job."""

    SUBMIT = "submit"
    """The submit itself: RunPod refused the job."""
    WEBHOOK = "webhook"
    """RunPod's report that the job has ended."""
    SWEEPER = "sweeper"
    """The regular check of jobs that no report has ended."""
    CANCEL = "cancel"
    """A client's request to cancel the job."""


class CallbackStatus(StrEnum):
    """The state of a callback."""

    PENDING = "PENDING"
    """Not accepted by its receiver yet: sent when the job finishes, then until it is accepted."""
    DELIVERED = "DELIVERED"
    """The receiver accepted it."""
    GIVEN_UP = "GIVEN_UP"
    """Never accepted; it is not sent again."""
    HELD = "HELD"
    """In the delivery log, for `api-gpu webhooks listen`; the gateway contacts nobody."""
    SKIPPED = "SKIPPED"
    """The job ended in a way of which the client did not want to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A promise to POST the finished job to the client.

    The write that ends the job sets `body`, which never changes: every attempt sends these facts, with a new link to
    the video.
    """

    url: str
    events: tuple[str, ...] | None = None
    """The types of events to send; None for the four endings."""
    status: CallbackStatus = CallbackStatus.PENDING
    body: str | None = None
    attempts: int = 0
    """All attempts, which are numbered from 1. Never falls: the delivery log names its rows by the number."""
    schedule_start: int = 0
    """Attempts before the client last asked for another delivery, which starts the schedule again."""
    next_at: int | None = None
    last_result: str | None = None
    """Outcome of the last attempt, for the client.

    `http_<status>`, `unreachable` (no connection), `no_answer` (connected, no complete response), `forbidden_address`
    (not public), `no_secret` (the owner's signing secret was removed), `held` (kept for `api-gpu webhooks listen`), or
    `interrupted` (the sender crashed before it recorded the outcome of the last attempt).
    """

    @property
    def tries(self) -> int:
        """Attempts of the current schedule."""
        return self.attempts - self.schedule_start

    @property
    def is_pending(self) -> bool:
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
    """When the sweeper checks it; None if nothing is left to do."""
    attempt: int = 1
    """The attempt in the next (or last) message to RunPod. Rises only when RunPod may have accepted one."""
    dispatching: bool = False
    """A dispatch of this attempt began; if this is still set after `due_at`, the dispatcher crashed."""
    refusals: int = 0
    """Consecutive dispatches that RunPod did not accept; sets the backoff."""
    not_before: int = 0
    """Earliest time of the next attempt; until then the job is only checked."""
    runpod_job_id: str | None = None
    endpoint_id: str | None = None
    """The endpoint that knows `runpod_job_id`; a later deployment may use another."""
    endpoints: Mapping[int, str] = field(default_factory=dict)
    """The endpoint of each attempt: a worker may be the first to report RunPod's id of any of them."""
    submitted_at: int | None = None
    started_at: int | None = None
    completed_at: int | None = None
    cancel_requested: bool = False
    percent: int = 0
    stage: str = "queued"
    progress_seen: tuple[int, int] = (0, 0)
    """(attempt, seq) of the newest progress report."""
    artifacts: tuple[ArtifactFacts, ...] = ()
    """The stored files of a completed job, the main one first."""
    media: MediaFacts | None = None
    """Facts about the main file if it is a video."""
    execution: ExecutionFacts | None = None
    price_per_second: float | None = None
    price_table: str | None = None
    """Version of the price table (`contract.prices`) when the job completed."""
    share_generation: int = 0
    """Revocations of its share links: those made before the last one are not valid."""
    settled_by: Source | None = None
    error: Failure | None = None
    callback: Callback | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL
