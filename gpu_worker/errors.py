"""The exception for a failed job; it carries a failure of the contract's catalogue."""

from __future__ import annotations

from contract.errors import Code, Failure


class JobFailed(Exception):
    """The job cannot succeed. `failure` is what the client gets."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def job_failed(code: Code, **params: str) -> JobFailed:
    """Build the exception for a code of the catalogue; `params` as in `Failure.of`."""
    return JobFailed(Failure.of(code, **params))


def format_bytes(size: int) -> str:
    """Format a byte limit for a message: `64 MB`."""
    return f"{size // (1024 * 1024)} MB" if size >= 1024 * 1024 else f"{size} bytes"
