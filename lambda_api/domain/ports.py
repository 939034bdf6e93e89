"""What the use cases need from the world, and how it may fail.

ProviderError
├── ProviderRefused    not taken for sure: throttled, down, no connection; carries `retry_after_ms`
├── ProviderUnknown    the answer was lost: it may have been taken
├── ProviderRejected   taken for invalid: trying again cannot help
└── ProviderJobMissing RunPod does not know this job (too new, expired, or lost)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_api.domain.job import Job
from lambda_api.domain.quotas import Allowance


class ProviderError(Exception):
    """RunPod did not do what was asked."""

    def __init__(self, reason: str, *, retry_after_ms: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_ms = retry_after_ms


class ProviderRefused(ProviderError):
    pass


class ProviderUnknown(ProviderError):
    pass


class ProviderRejected(ProviderError):
    pass


class ProviderJobMissing(ProviderError):
    pass


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """RunPod's view of a job: `status` as RunPod spells it, `error` as the worker wrote it."""

    status: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's promise that requests with this key are one request. `fingerprint` is of the body."""

    key: str
    fingerprint: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The key was used before, by this owner, for this job."""

    job_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Page:
    jobs: tuple[Job, ...]
    cursor: str | None
    """Where the next page starts; None at the end."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of one callback attempt. `final` says that no other attempt may be made."""

    ok: bool
    result: str
    final: bool = False
    retry_after_ms: int = 0


class JobStore(Protocol):
    """Raises `domain.errors.Unavailable` when the store cannot answer."""

    def create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        """Write the job, its key and what its owner uses in one transaction; an unexpired key wins, nothing is written.

        A job whose id is stored already is left as it is. Raises `RateLimited` or `TooManyJobs` for an owner who
        uses all of the allowance.
        """

    def get(self, job_id: str) -> Job | None:
        """The job; None if it never was, or is past its time (`policy.kept_until`) and owes nothing."""

    def save(self, job: Job, *, ends: bool = False) -> bool:
        """Write `job` if the stored version is `job.version - 1`; False if somebody else was faster.

        The write that `ends` the job also takes it off its owner's jobs in flight.
        """

    def page(self, owner: str, limit: int, cursor: str | None) -> Page:
        """Jobs of one owner, newest first. A cursor that is not ours is `InvalidRequest`."""

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Ids of jobs with `due_at <= now`, oldest first. May be a moment stale."""


class Provider(Protocol):
    """RunPod's job API: four calls, and the endpoint's settings."""

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        """Submit; returns RunPod's job id."""

    def status(self, endpoint_id: str, runpod_job_id: str) -> ProviderStatus: ...

    def cancel(self, endpoint_id: str, runpod_job_id: str) -> None: ...

    def health(self, endpoint_id: str) -> Mapping[str, Any]: ...

    def config(self, endpoint_id: str) -> Mapping[str, Any]: ...


class ObjectStore(Protocol):
    """The bucket. Raises `domain.errors.Unavailable` when it cannot answer. Presigning makes no call."""

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        """A PUT that signs the content type and `If-None-Match: *`: only the first upload is stored."""

    def presign_get(self, key: str, seconds: int) -> str: ...

    def size(self, key: str) -> int | None:
        """Bytes of the object, None if there is none."""

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """The object, None if there is none or it is larger."""


class CallbackQueue(Protocol):
    def wake(self, job: Job, delay_ms: int = 0) -> bool:
        """Ask for a delivery; one owner's many do not keep another's waiting. Raises nothing.

        Best effort: what is lost, or was not taken (False), is made up by the sweeper.
        """


class CallbackSender(Protocol):
    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        """One signed POST. Raises nothing: every fault is a `Delivery`."""


class Observer(Protocol):
    """Logs and metrics, told of facts."""

    def changed(self, before: Job | None, after: Job) -> None: ...

    def noted(self, what: str, **facts: str | int) -> None: ...
