"""One job as RunPod records it, and the JSON that shows it (RunPod docs: job operations, job states)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_RUN_BYTES = 10_000_000
MAX_RUNSYNC_BYTES = 20_000_000
_DAY = 86_400.0

Json = dict[str, Any]


class Status(StrEnum):
    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def terminal(self) -> bool:
        return self not in (Status.IN_QUEUE, Status.IN_PROGRESS)


class BadRequestError(ValueError):
    """The body of a submission cannot be used; the message goes to its sender."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`policy` of a submission, in seconds. `ttl` starts at submission, `execution_timeout` at pick-up."""

    execution_timeout: float = 600.0
    ttl: float = _DAY
    low_priority: bool = False

    @classmethod
    def parse(cls, raw: Any) -> Policy:
        """Read the documented fields (milliseconds). Raises BadRequestError outside the documented ranges."""
        if raw is None:
            return cls()
        if not isinstance(raw, dict):
            raise BadRequestError("policy must be an object")
        return cls(
            execution_timeout=_seconds(raw, "executionTimeout", cls().execution_timeout, minimum=5.0),
            ttl=_seconds(raw, "ttl", cls().ttl, minimum=10.0),
            low_priority=raw.get("lowPriority") is True,
        )


def _seconds(raw: Json, name: str, default: float, *, minimum: float) -> float:
    value = raw.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequestError(f"policy.{name} must be a number of milliseconds")
    if not minimum <= value / 1000 <= 7 * _DAY:
        raise BadRequestError(f"policy.{name} must be between {minimum:g} seconds and 7 days")
    return float(value) / 1000


@dataclass(frozen=True, slots=True)
class Submission:
    """The body that a client sent to /run or /runsync. Unknown top-level keys are dropped, as RunPod does."""

    input: Json
    webhook: str | None = None
    policy: Policy = Policy()
    s3_config: Json | None = None

    @classmethod
    def parse(cls, body: Any) -> Submission:
        """Read a submission. Raises BadRequestError unless `body` is an object with an `input` object."""
        if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
            raise BadRequestError("input is required and must be an object")
        webhook, s3_config = body.get("webhook"), body.get("s3Config")
        return cls(
            input=body["input"],
            webhook=webhook if isinstance(webhook, str) and webhook else None,
            policy=Policy.parse(body.get("policy")),
            s3_config=s3_config if isinstance(s3_config, dict) else None,
        )


@dataclass(slots=True)
class Job:
    """One record. Times in seconds on the state's clock; `result` holds `output` and `error` as reported."""

    id: str
    submission: Submission
    created_at: float
    sync: bool = False
    status: Status = Status.IN_QUEUE
    queued_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    worker_id: str | None = None
    retries: int = 0
    result: Json = field(default_factory=dict)
    chunks: deque[Any] = field(default_factory=deque)
    webhook_attempts: list[Json] = field(default_factory=list)

    def expires_at(self) -> float:
        return self.created_at + self.submission.policy.ttl

    def envelope(self, now: float) -> Json:
        """Return the response of /status: always `id` and `status`, the rest as far as known."""
        shown: Json = {"id": self.id, "status": self.status.value}
        if self.started_at is not None:
            shown["delayTime"] = round((self.started_at - self.created_at) * 1000)
            shown["executionTime"] = round(((self.ended_at or now) - self.started_at) * 1000)
        if self.worker_id is not None:
            shown["workerId"] = self.worker_id
        if self.retries:
            shown["retries"] = self.retries
        return shown | self.result

    def webhook_body(self, now: float) -> Json:
        """Return the envelope plus what RunPod echoes: the input and the webhook's URL."""
        return self.envelope(now) | {"input": self.submission.input, "webhook": self.submission.webhook}

    def for_worker(self) -> Json:
        """Return the job as job-take hands it to a worker."""
        message: Json = {"id": self.id, "input": self.submission.input}
        if self.submission.webhook is not None:
            message["webhook"] = self.submission.webhook
        if self.submission.s3_config is not None:
            message["s3Config"] = self.submission.s3_config
        return message

    def summary(self) -> Json:
        """Return the job for /_jobs, without the input and the webhook's URL, which carry signatures."""
        return {
            "id": self.id,
            "job_id": self.submission.input.get("job_id"),
            "status": self.status.value,
            "retries": self.retries,
            "workerId": self.worker_id,
            "webhook_attempts": self.webhook_attempts,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }
