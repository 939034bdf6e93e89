"""Errors of the client, all below `ApiGpuError`.

ApiGpuError                     also for wrong use: no key, no such operation, a file that cannot be sent
├── APIConnectionError          no answer; `request` may be tried again
│   └── APITimeoutError
├── APIStatusError              an answer that is no success: .status .code .title .detail .errors .request_id
│   │                           .retry_after .problem
│   ├── BadRequestError         400, 405, 413, 415
│   ├── UnauthorizedError       401, 403
│   ├── NotFoundError           404, 410
│   ├── ConflictError           409
│   ├── UnprocessableError      422
│   ├── RateLimitedError        429
│   └── ServerError             5xx
├── JobFailed                   the job ended without a result: .job .code .blame .retryable
├── WaitTimeout                 the wait ended, the job goes on: .job
├── DownloadError               what arrived is not what the job has
└── WebhookVerificationError    a callback that is not from the API, or too old
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api_gpu.job_data import JobData


class ApiGpuError(Exception):
    """Anything that goes wrong in this package."""


class APIConnectionError(ApiGpuError):
    """No answer: the connection failed or broke."""


class APITimeoutError(APIConnectionError):
    """No answer in time."""


class APIStatusError(ApiGpuError):
    """An answer that is no success."""

    def __init__(self, status: int, problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        sent = headers or {}
        self.status = status
        self.problem: Mapping[str, Any] = problem
        """The problem (RFC 9457) with all its members; empty if the answer had none."""
        self.code: str | None = _text(problem.get("code"))
        """Stable, for programs."""
        self.title: str | None = _text(problem.get("title"))
        self.detail: str | None = _text(problem.get("detail"))
        """A sentence that says what to change."""
        errors = problem.get("errors")
        self.errors: Sequence[Mapping[str, str]] = errors if isinstance(errors, list) else []
        """All problems of the request: `field` and `message`."""
        self.request_id: str | None = _text(problem.get("request_id")) or sent.get("x-request-id")
        """For the operator."""
        self.retry_after: float | None = None
        """Seconds after which the same request may succeed, if the answer says so."""
        super().__init__(self.detail or self.title or f"the API answered {status}")

    def __str__(self) -> str:
        code = f", {self.code}" if self.code else ""
        return f"{super().__str__()} ({self.status}{code})"


class BadRequestError(APIStatusError):
    """400, 405, 413 or 415."""


class UnauthorizedError(APIStatusError):
    """401 or 403: the key is missing, wrong or revoked."""


class NotFoundError(APIStatusError):
    """404 or 410."""


class ConflictError(APIStatusError):
    """409: not in this state."""


class UnprocessableError(APIStatusError):
    """422: fields of the request are wrong; `errors` names them."""


class RateLimitedError(APIStatusError):
    """429; see `retry_after`."""


class ServerError(APIStatusError):
    """5xx, after all retries."""


class JobFailed(ApiGpuError):
    """The job ended as FAILED, CANCELLED or TIMED_OUT."""

    def __init__(self, job: JobData) -> None:
        error = job.error or {}
        self.job = job
        self.code: str = str(error.get("code") or job.status.lower())
        """From the API's catalogue; unknown ones are new ones."""
        self.blame: str | None = error.get("blame")
        """`caller`, `provider` or `us`."""
        self.retryable: bool = bool(error.get("retryable"))
        """True if the same job may succeed later."""
        super().__init__(f"job {job.id} {job.status}: {error.get('message') or self.code}")


class WaitTimeout(ApiGpuError):
    """The wait has ended, the job goes on."""

    def __init__(self, job: JobData, seconds: float) -> None:
        self.job = job
        super().__init__(
            f"job {job.id} is {job.status} after {seconds:g} s and goes on; wait again with client.job(id)"
        )


class DownloadError(ApiGpuError):
    """The received bytes have another size or checksum than the job's file."""


class WebhookVerificationError(ApiGpuError):
    """The signature does not match, or the callback is too old."""


_CLASSES: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    405: BadRequestError,
    409: ConflictError,
    410: NotFoundError,
    413: BadRequestError,
    415: BadRequestError,
    422: UnprocessableError,
    429: RateLimitedError,
}


def status_error(status: int, problem: Mapping[str, Any], headers: Mapping[str, str]) -> APIStatusError:
    """Return the error for an answer."""
    return _CLASSES.get(status, ServerError if status >= 500 else APIStatusError)(status, problem, headers)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
