"""One boto3 session per execution environment: short timeouts, standard retries, bounded by the invocation's deadline.

Every call made here may be repeated after a lost response: reads, conditional writes, and wake-up messages.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from lambda_api.adapters import deadline

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

CONNECT_SECONDS, READ_SECONDS = 1.0, 3.0
ATTEMPTS = 3
_MAX_CONNECTIONS = 16
"""Per service: the sweeper has 16 threads."""
_TRUNCATED_BACKOFF_SECONDS = 0.05
_RETRY_AFTER_SECONDS = 5.0
"""The most that an `x-amz-retry-after` header adds to a backoff (AWS SDKs and Tools Reference Guide, "Retry
behavior")."""


class TruncatedResponse(BotoCoreError):
    """The connection broke off within a response. botocore would take what came for an empty one."""

    fmt = "The response is truncated"


class DeadlineExceeded(BotoCoreError):
    """The invocation has no time left for another attempt. Not sent."""

    fmt = "The invocation's time is used up"


class AwsSession:
    """Low-level clients of one session, each created once. Clients are thread-safe.

    `endpoint_url` and `read_seconds` are for tests: the environment's AWS_ENDPOINT_URL takes effect by itself.
    """

    def __init__(
        self,
        session: boto3.Session | None = None,
        endpoint_url: str | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._session = session or _session_from_environment()
        self._endpoint_url = endpoint_url
        self._read_seconds = read_seconds

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        client: DynamoDBClient = self._create("dynamodb")
        return client

    @cached_property
    def s3(self) -> S3Client:
        custom = self._endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        style: Literal["path", "virtual"] = "path" if custom else "virtual"
        client: S3Client = self._create(
            "s3",
            signature_version="s3v4",
            # Presigned URLs must name the bucket's region: others lead to a redirect.
            s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
            # By default botocore adds a checksum to what a presigned PUT must send, which the worker does not know.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return client

    @cached_property
    def sqs(self) -> SQSClient:
        client: SQSClient = self._create("sqs")
        return client

    @cached_property
    def secretsmanager(self) -> Any:
        return self._create("secretsmanager")

    def _create(self, service: Any, **options: Any) -> Any:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=self._read_seconds,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=_MAX_CONNECTIONS,
            # Ignore the environment's proxies: a proxy would see credentials and job data.
            proxies={},
            # Tests send each of these requests to engines that check them; botocore's check costs CPU per request.
            parameter_validation=False,
            **options,
        )
        client = self._session.client(service, endpoint_url=self._endpoint_url, config=config)
        if service != "s3":
            _retry_truncated(client)
        _bound_by_deadline(client, self._read_seconds)
        return client


def _session_from_environment() -> boto3.Session:
    """Region and credentials as Lambda sets them: keys, or with SnapStart the address of a local endpoint."""
    session = botocore.session.get_session()
    # There is no instance metadata service in Lambda; looking for it takes seconds.
    session.get_component("credential_provider").remove("iam-role")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.Session(botocore_session=session, region_name=region)


def _bound_by_deadline(client: BaseClient, read_seconds: float) -> None:
    """Bound each attempt, and the backoff before the next one, by the remaining time of the invocation.

    A client's timeouts are fixed when it is created; botocore takes another read timeout from a request's context. The
    overshoot is at most one `CONNECT_SECONDS`, by an attempt that connects at the very end.
    """

    def limit_attempt(request: Any, **_: Any) -> None:
        left = deadline.left()
        if left <= 0:
            raise DeadlineExceeded
        request.context["read_timeout"] = min(read_seconds, max(left - CONNECT_SECONDS, left / 2))

    def stop_retrying(attempts: int, response: Any, **_: Any) -> Any:
        """Return False, which overrules botocore's own handler, if its longest backoff would take too long."""
        backoff = 2.0 ** (attempts - 1)
        if response is not None and "x-amz-retry-after" in response[0].headers:
            backoff += _RETRY_AFTER_SECONDS
        return False if backoff >= deadline.left() else None

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-send.{service}", limit_attempt)
    client.meta.events.register_first(f"needs-retry.{service}", stop_retrying)


def _retry_truncated(client: BaseClient) -> None:
    """Retry a response of fewer bytes than it announced. Not for S3: there the reader of the body checks."""

    def check_length(attempts: int, response: Any, **_: Any) -> Any:
        if response is None:
            return None
        announced = response[0].headers.get("content-length")
        if announced is None or len(response[0].content) == int(announced):
            return None
        if attempts == ATTEMPTS:
            raise TruncatedResponse
        return _TRUNCATED_BACKOFF_SECONDS

    client.meta.events.register_first(f"needs-retry.{client.meta.service_model.service_id.hyphenize()}", check_length)
