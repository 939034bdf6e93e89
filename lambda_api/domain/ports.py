"""Interfaces that the use cases need, and their errors.

ProviderError
├── ProviderRefused    certainly not accepted: throttled, down, no connection; carries `retry_after_ms`
├── ProviderUnknown    the response was lost: RunPod may have accepted it
├── ProviderRejected   invalid for RunPod: a retry cannot help
└── ProviderJobMissing RunPod does not know this job (too new, expired, or lost)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.bill.history import CostHistory, Day
from lambda_api.domain.job import Job
from lambda_api.domain.job_query import ANY, JobQuery
from lambda_api.domain.uploads.ports import PresignedUpload
from lambda_api.domain.uploads.upload import SentPart
from lambda_api.domain.webhooks.delivery import Delivery, DeliveryPage, WebhookDefault


class ProviderError(Exception):
    """RunPod did not do what we requested."""

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
    """An idempotency key: requests with the same key are one request. `fingerprint` is the hash of the body."""

    key: str
    fingerprint: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """An earlier use of a key by the same owner, for this job."""

    job_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Page:
    jobs: tuple[Job, ...]
    cursor: str | None
    """The start of the next page; None at the end."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of one callback attempt. `final`: no further attempt may be made."""

    ok: bool
    result: str
    final: bool = False
    retry_after_ms: int = 0
    response: str = ""
    """Start of the receiver's response, without control characters. Never logged: it may hold anything."""
    duration_ms: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """The signed headers of Standard Webhooks; empty if nothing was sent."""


class JobStore(Protocol):
    """The table of jobs. Raises `domain.errors.Unavailable` if it does not answer."""

    def create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        """Write the job, its key and its owner's usage in one transaction.

        Returns the record of an unexpired key, and then writes nothing. A job whose id is already stored is left
        unchanged. Raises `RateLimited` or `TooManyJobs` if the owner's allowance is exhausted.
        """

    def find_idempotency(self, owner: str, key: str, now: int) -> IdempotencyRecord | None:
        """Return the record of an unexpired key of this owner."""

    def get(self, job_id: str) -> Job | None:
        """Return the job; None if there is none, or if it has expired (`policy.expires_at`) with no work left."""

    def save(self, job: Job, *, ends: bool = False) -> bool:
        """Write `job` if the stored version is `job.version - 1`; False if another process wrote first.

        The write that `ends` the job also removes it from its owner's jobs in flight, and adds its bill to the sums of
        its owner and day. All of it is written, or nothing.
        """

    def page(self, owner: str, limit: int, cursor: str | None, query: JobQuery = ANY) -> Page:
        """Return the owner's jobs that match, newest first. Raises `InvalidRequest` for a cursor that we did not issue.

        Examines at most `MAX_EXAMINED` jobs; a page that ends there is shorter than `limit` and has a cursor.
        """

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Return ids of jobs with `due_at <= now`, oldest first. May be slightly stale."""

    def costs(self, owner: str, days: Sequence[date]) -> Mapping[date, Day]:
        """Return the sums of one owner's bills on these UTC days, at most `history.MAX_DAYS`: of days that have any."""

    def history(self, owner: str, operation: str, days: int) -> CostHistory:
        """Return the sums over one owner's jobs of an operation that ended in the last `days` UTC days, with today."""


class Provider(Protocol):
    """RunPod's job API: four calls, and the endpoint's settings. Raises ProviderError."""

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        """Submit a job; returns RunPod's id of it."""

    def status(self, endpoint_id: str, runpod_job_id: str) -> ProviderStatus: ...

    def cancel(self, endpoint_id: str, runpod_job_id: str) -> None: ...

    def health(self, endpoint_id: str) -> Mapping[str, Any]: ...

    def config(self, endpoint_id: str) -> Mapping[str, Any]: ...


class ObjectStore(Protocol):
    """The bucket. Raises `domain.errors.Unavailable` if it does not answer. Presigning makes no call."""

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        """Return a PUT URL that signs the content type and `If-None-Match: *`: only the first upload is stored."""

    def presign_get(self, key: str, seconds: int, *, saved_as: str | None = None) -> str:
        """Return a GET URL. Browsers save the file under the name `saved_as`, of letters, digits, `.`, `_` and `-`."""

    def presign_head(self, key: str, seconds: int) -> str:
        """Return a HEAD URL: S3 signs the method, so that a GET URL does not answer HEAD."""

    def size(self, key: str) -> int | None:
        """Return the bytes of the object; None if there is none."""

    def write(self, key: str, data: bytes) -> None:
        """Store an object."""

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """Return the object; None if there is none or it has more than `max_bytes`."""

    def presign_upload(
        self, key: str, content_type: str, size_bytes: int, sha256: str | None, seconds: int
    ) -> PresignedUpload:
        """Return a PUT URL that accepts exactly this type and size and, if given, only bytes of this SHA-256 (hex)."""

    def begin_multipart(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; return its id."""

    def presign_part(self, key: str, multipart_id: str, number: int, size_bytes: int, seconds: int) -> str:
        """Return a PUT URL that accepts exactly so many bytes as this part."""

    def complete_multipart(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        """Make the object of its parts. Raises InvalidParts if they are not those that were sent.

        An upload that was completed before, or has expired, is left unchanged.
        """

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Delete the parts."""


class CallbackQueue(Protocol):
    def enqueue(self, job: Job, delay_ms: int = 0) -> bool:
        """Enqueue a delivery. Queueing is fair across owners. Raises nothing.

        Best effort: the sweeper delivers what the queue loses or does not accept (False).
        """

    def enqueue_progress(self, job: Job, mark: int) -> bool:
        """Enqueue the event that the job has reached `mark` percent. Raises nothing; nobody repeats what is lost."""


class CallbackSender(Protocol):
    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        """Send one signed POST. Raises nothing: every fault is a `DeliveryResult`."""

    def hold(self, owner: str, message_id: str, now: int, body: str) -> DeliveryResult:
        """Sign what would be sent, and contact nobody. Raises nothing."""


class DeliveryLog(Protocol):
    """The attempts of the last days. Raises `domain.errors.Unavailable` if the table does not answer."""

    def claim(self, delivery_id: str, expires_at: int) -> bool:
        """Reserve an id; True for the first caller only."""

    def write(self, delivery: Delivery) -> None:
        """Write a delivery. Writing it again changes nothing."""

    def find(self, delivery_ids: Sequence[str]) -> list[Delivery]:
        """Return those that exist."""

    def newest(self, owner: str, limit: int, cursor: str | None) -> DeliveryPage:
        """Return the owner's deliveries, newest first. Raises `InvalidRequest` for a cursor that we did not issue."""

    def after(self, owner: str, limit: int, position: str, now: int) -> DeliveryPage:
        """Return what was logged after `position` (a cursor, or milliseconds since the epoch), oldest first.

        Always has a cursor. Leaves out the last second, whose entries the index may not have yet: no reader that
        continues from a cursor misses one.
        """


class WebhookDefaults(Protocol):
    """Each owner's default. Raises `domain.errors.Unavailable` if the table does not answer."""

    def get(self, owner: str) -> WebhookDefault | None:
        """Return the default as it was less than a minute ago."""

    def read(self, owner: str) -> WebhookDefault | None:
        """Return the default as it is now."""

    def set(self, owner: str, default: WebhookDefault | None) -> None:
        """Replace the default; None removes it. Other processes follow within a minute."""


class Observer(Protocol):
    """Logs and metrics."""

    def job_changed(self, before: Job | None, after: Job) -> None:
        """Record a stored change; `before` is None for a new job."""

    def warn(self, event: str, **facts: str | int) -> None:
        """Record a condition that an operator may have to act on. `event` is a name in snake_case."""
