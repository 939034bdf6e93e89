"""AWS clients with timeouts that fit a request, and one way to say that AWS did not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from lambda_api.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@cache
def _client(service: str, **config: Any) -> Any:
    # boto costs most of a cold start; a function that never asks for a client does not pay for it.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    retries = {"mode": "standard", "max_attempts": 3}
    base: dict[str, Any] = {"connect_timeout": 1, "read_timeout": 3, "retries": retries}
    return boto3.client(service, config=Config(**base, **config))  # type: ignore[call-overload]


def dynamodb() -> DynamoDBClient:
    client: DynamoDBClient = _client("dynamodb")
    return client


def s3() -> S3Client:
    client: S3Client = _client("s3", signature_version="s3v4", request_checksum_calculation="when_required")
    return client


def sqs() -> SQSClient:
    client: SQSClient = _client("sqs")
    return client


@contextmanager
def unavailable(what: str) -> Iterator[None]:
    """Turn any failure of an AWS call that the caller did not expect into `Unavailable`."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"The {what} did not answer. Try again.", retry_after=2) from error
