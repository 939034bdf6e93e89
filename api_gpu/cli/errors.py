"""Errors as one or two plain lines, one JSON object, and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api_gpu import (
    APIConnectionError,
    ApiGpuError,
    APIStatusError,
    APITimeoutError,
    DownloadError,
    JobFailed,
    WaitTimeout,
)
from api_gpu.cli.exits import Code, Stop
from api_gpu.cli.output.console import Console

_NAMES = {
    Code.FAILED: "failed",
    Code.USAGE: "usage",
    Code.SIGNED_OUT: "not_signed_in",
    Code.NOT_FOUND: "not_found",
    Code.TRY_LATER: "try_later",
    Code.STILL_RUNNING: "still_running",
    Code.INTERRUPTED: "interrupted",
}
_STATUSES = {401: Code.SIGNED_OUT, 403: Code.SIGNED_OUT, 404: Code.NOT_FOUND, 410: Code.NOT_FOUND, 408: Code.TRY_LATER,
             425: Code.TRY_LATER, 429: Code.TRY_LATER}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """The printed lines and the exit code."""

    code: Code
    name: str
    """The stable code of the problem."""
    sentence: str
    status: int | None = None
    request_id: str | None = None
    errors: tuple[Any, ...] = ()
    retry_after: float | None = None


def describe(error: Exception) -> Failure | None:  # noqa: PLR0911 - a table
    """Return what an error means; None for one that is a mistake of this program."""
    match error:
        case Stop():
            return Failure(error.code, error.problem or _NAMES.get(error.code, "failed"), error.sentence)
        case JobFailed():
            return _of_job(error)
        case WaitTimeout():
            return Failure(Code.STILL_RUNNING, "still_running", str(error))
        case APIStatusError():
            return _of_answer(error)
        case APIConnectionError() | APITimeoutError():
            sentence = f"{str(error) or 'the API cannot be reached'}; `api-gpu doctor` checks the way to it"
            return Failure(Code.TRY_LATER, "no_connection", sentence)
        case DownloadError():
            return Failure(Code.FAILED, "download_failed", str(error))
        case ApiGpuError():
            return Failure(Code.USAGE, "usage", str(error))
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Failure(Code.FAILED, "file_error", f"{where}{error.strerror or error}")
    return None


def report(console: Console, error: Exception, failure: Failure | None) -> int:
    """Print a failure and return the exit code."""
    if failure is None:
        console.warn(f"error: this is a mistake in api-gpu itself: {type(error).__name__}: {error}")
        return Code.FAILED
    if failure.sentence:
        console.warn(f"error: {failure.sentence} ({failure.name})")
    if failure.request_id:
        console.warn(f"request: {failure.request_id}")
    if console.is_json and not isinstance(error, JobFailed) and not (isinstance(error, Stop) and error.is_printed):
        body = {"code": failure.name, "detail": failure.sentence, "status": failure.status,
                "errors": list(failure.errors), "request_id": failure.request_id,
                "retry_after": failure.retry_after, "exit_code": int(failure.code)}  # fmt: skip
        console.json_line({"error": body})
    return failure.code


def _of_job(error: JobFailed) -> Failure:
    data = error.job.data
    cause = data.get("error") or {}
    ended = {"CANCELLED": "the job was cancelled", "TIMED_OUT": "the job did not finish in time"}
    sentence = cause.get("message") or ended.get(str(data.get("status")), "the job failed")
    return Failure(Code.FAILED, str(cause.get("code") or str(data.get("status")).lower()), str(sentence))


def _of_answer(error: APIStatusError) -> Failure:
    code = _STATUSES.get(error.status, Code.TRY_LATER if error.status >= 500 else Code.USAGE)
    if error.code == "job_not_finished":
        code = Code.STILL_RUNNING
    named = [f"{entry.get('field')}: {entry.get('message')}" for entry in error.errors or () if entry.get("field")]
    sentence = str(error.detail or error.title or f"the API answered {error.status}").rstrip(".")
    if named and not all(text.partition(": ")[2] in sentence for text in named):
        sentence += ": " + "; ".join(named)
    if code is Code.SIGNED_OUT:
        sentence += "; check the key with `api-gpu whoami`, or run `api-gpu login`"
    if error.retry_after:
        sentence += f"; try again in {error.retry_after:g} s"
    return Failure(code, error.code or f"http_{error.status}", sentence, error.status, error.request_id,
                   tuple(error.errors or ()), error.retry_after)  # fmt: skip
