"""The one place that turns an error of boto3 into an error of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from lambda_api.domain.errors import Unavailable

AwsError = (ClientError, BotoCoreError)
"""Base classes of everything that an AWS call raises: AWS refused it; it was not sent or not answered."""


def error_code(error: Exception) -> str:
    """Return AWS's code, or the type of an error that is not AWS's own."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "Unknown")
    return type(error).__name__


def describe(error: Exception) -> str:
    """Return operation and code for our log. An error's own text may quote a request or a response."""
    operation = f"{error.operation_name}: " if isinstance(error, ClientError) else ""
    return operation + error_code(error)


@contextmanager
def unavailable(what: str) -> Iterator[None]:
    """Turn an AWS error that the caller did not expect into `Unavailable`, whose traceback does not quote it."""
    try:
        yield
    except AwsError as error:
        raise Unavailable(f"The {what} did not answer. Try again.", retry_after=2, reason=describe(error)) from None
