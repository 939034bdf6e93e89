"""Reasons to refuse a request. Each class is one problem type with a stable code (RFC 9457).

ApiError
├── InvalidRequest          400/422  the request itself
│   ├── IdempotencyMismatch 422
│   ├── SpeechNotAvailable  422
│   └── UploadNotFound, UploadNotReady, UploadExpired 422
├── Unauthorized            401
├── NotFound                404
│   └── ArtifactNotFound    404
├── AlreadyFinished         409
├── JobNotFinished          409
├── JobHasNoFiles, NoWebhookUrl         409
├── TooManyRequests         429      carries `retry_after` and the exhausted quota
│   ├── RateLimited         429
│   ├── TooManyJobs         429
│   └── TooManyUploads, UploadBytesExceeded 429
└── Unavailable             503      try again; carries `retry_after`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

_NAMED = 3
"""Errors that `detail` names: clients such as n8n show people nothing else."""


class ApiError(Exception):
    """Base of all refusals. `detail` is for the client: it never quotes what the client sent."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[tuple[str, str], ...] = (),
        extra: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        """(field, message) pairs."""
        self.extra = dict(extra or {})
        """Extension members of the problem."""
        self.retry_after = retry_after
        """Seconds."""


class InvalidRequest(ApiError):
    status = 422
    code = "invalid_request"
    title = "The request is not valid"

    @classmethod
    def naming(cls, errors: tuple[tuple[str, str], ...]) -> Self:
        """Return an error whose `detail` names the first three. The field `body` means the whole request."""
        named = [_sentence(message if field == "body" else f"{field}: {message}") for field, message in errors[:_NAMED]]
        if len(errors) > _NAMED:
            named.append(f"And {len(errors) - _NAMED} more.")
        return cls(" ".join(named), errors=errors)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


class IdempotencyMismatch(InvalidRequest):
    code = "idempotency_key_reused"
    title = "The idempotency key was used with another request"


class SpeechNotAvailable(InvalidRequest):
    code = "speech_not_available"
    title = "Speech recognition is not installed"


class UploadNotFound(InvalidRequest):
    code = "upload_not_found"
    title = "There is no such upload"


class UploadNotReady(InvalidRequest):
    code = "upload_not_ready"
    title = "The upload is not complete"


class UploadExpired(InvalidRequest):
    code = "upload_expired"
    title = "The upload has expired"


class InvalidHeader(InvalidRequest):
    status = 400
    code = "invalid_header"
    title = "A header is not valid"


class Unauthorized(ApiError):
    status = 401
    code = "unauthorized"
    title = "A valid API key is required"


class NotFound(ApiError):
    status = 404
    code = "not_found"
    title = "Not found"


class ArtifactNotFound(NotFound):
    code = "artifact_not_found"
    title = "The job has no such file"


class AlreadyFinished(ApiError):
    status = 409
    code = "job_already_finished"
    title = "The job has already finished"


class JobNotFinished(ApiError):
    status = 409
    code = "job_not_finished"
    title = "The job has not finished yet"


class JobHasNoFiles(ApiError):
    status = 409
    code = "job_has_no_files"
    title = "The job has no files"


class NoWebhookUrl(ApiError):
    status = 409
    code = "no_webhook_url"
    title = "There is no webhook URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """An exhausted limit, in the terms of draft-ietf-httpapi-ratelimit-headers."""

    name: str
    size: int
    unit: str = "requests"
    window_seconds: int | None = None
    """The time in which all of it is refilled."""
    reset_seconds: int | None = None
    """The time until part of it is refilled."""


class TooManyRequests(ApiError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: str, quota: Quota, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.quota = quota


class RateLimited(TooManyRequests):
    code = "rate_limited"


class TooManyJobs(TooManyRequests):
    code = "too_many_jobs"
    title = "Too many jobs at once"


class TooManyUploads(TooManyRequests):
    code = "too_many_uploads"
    title = "Too many uploads"


class UploadBytesExceeded(TooManyRequests):
    code = "upload_bytes_exceeded"
    title = "Too many bytes uploaded"


class Unavailable(ApiError):
    status = 503
    code = "unavailable"
    title = "Not available right now"

    def __init__(self, detail: str, *, retry_after: int | None = None, reason: str | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.reason = reason
        """For our log: which call failed and with which code."""
