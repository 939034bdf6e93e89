"""How a call to AWS fails, and the one way the use cases hear of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lambda_api.domain.errors import Unavailable

_THROTTLED = {
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
"""With everything named Throttl…: what AWS's SDKs retry in their standard mode."""

NO_ANSWER, TOO_LONG = "NoAnswer", "AnswerTooLong"


class AwsError(Exception):
    """AWS refused a call or did not answer it. The text names operation and code, never what was sent or said.

    `code` is AWS's, without its namespace. `body` is the parsed answer, empty if there was none.
    """

    def __init__(self, operation: str, code: str, status: int = 0, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{operation}: {code}" if operation else code)
        self.code = code
        self.status = status
        self.body: Mapping[str, Any] = body or {}

    @property
    def passing(self) -> bool:
        """True if the same call may succeed a moment later."""
        throttled = self.status == 429 or "Throttl" in self.code or self.code in _THROTTLED
        return throttled or self.status >= 500 or self.code == NO_ANSWER


@contextmanager
def unavailable(what: str) -> Iterator[None]:
    """Turn any failure of an AWS call that the caller did not expect into `Unavailable`."""
    try:
        yield
    except AwsError as error:
        raise Unavailable(f"The {what} did not answer. Try again.", retry_after=2, reason=str(error)) from error
