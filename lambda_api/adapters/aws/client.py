"""Signed calls to AWS: repeated where that can help, bounded in all.

Every call made here may be repeated after a lost answer: reads, writes that state what they expect to find,
and wake-up messages. DynamoDB's checksum of its answers is not compared: TLS has done that.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from lambda_api.adapters import deadline
from lambda_api.adapters.aws.credentials import CredentialSource
from lambda_api.adapters.aws.endpoints import bucket_url, endpoint, region
from lambda_api.adapters.aws.errors import NO_ANSWER, TOO_LONG, AwsError
from lambda_api.adapters.aws.sigv4 import Signer
from lambda_api.adapters.http import Answer, Connections, HttpLost, HttpRefused, HttpTooLong, exchange

T = TypeVar("T")

_CONNECT, _READ = 1.0, 3.0
_TRIES = 3
_LAST_TRY_SECONDS = 5.0
"""No try begins later than this after the first."""
_STEP_SECONDS = 0.1
_IDLE_SECONDS = 30.0
_MAX_BYTES = 17 * 1024 * 1024
"""BatchGetItem answers with up to 16 MB."""


@dataclass(frozen=True, slots=True)
class JsonService:
    """A service that speaks JSON 1.0 or 1.1: its signing name, and the prefix of `X-Amz-Target`."""

    name: str
    target: str
    version: str


DYNAMODB = JsonService("dynamodb", "DynamoDB_20120810", "1.0")
SECRETS_MANAGER = JsonService("secretsmanager", "secretsmanager", "1.1")
SQS = JsonService("sqs", "AmazonSQS", "1.0")


@dataclass(frozen=True, slots=True)
class _Request:
    """`service`: its signing name. `operation`: what errors call it. `max_bytes`: of the answer."""

    service: str
    operation: str
    method: str
    url: str
    max_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Aws:
    """One account in one region, as the environment names them. `clock`: seconds since the epoch."""

    def __init__(
        self,
        env: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._env = env
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._credentials = CredentialSource(env, clock)
        self._connections = Connections(_IDLE_SECONDS)

    def call(self, service: JsonService, operation: str, *, tries: int = _TRIES, **parameters: Any) -> dict[str, Any]:
        """One operation of a JSON service. Raises AwsError."""
        headers = {
            "Content-Type": f"application/x-amz-json-{service.version}",
            "X-Amz-Target": f"{service.target}.{operation}",
        }
        body = json.dumps(parameters, separators=(",", ":"), allow_nan=False).encode()
        url = f"{endpoint(service.name, self._env)}/"
        request = _Request(service.name, operation, "POST", url, _MAX_BYTES, headers, body)
        return self._repeated(lambda: _told(operation, self._send(request)), tries)

    def fetch(self, method: str, bucket: str, path: str, max_bytes: int = 0) -> Answer:
        """GET or HEAD of an object, whatever the status. `path` is percent-encoded. Raises AwsError."""
        request = _Request("s3", method, method, f"{bucket_url(bucket, self._env)}/{path}", max_bytes)
        return self._repeated(lambda: _served(method, self._send(request)))

    def presign(self, method: str, bucket: str, path: str, headers: Mapping[str, str], seconds: int) -> str:
        """A URL for whoever sends exactly these headers. Raises AwsError if there are no credentials."""
        url = f"{bucket_url(bucket, self._env)}/{path}"
        return self._signer("s3").url(method, url, headers, seconds, self._clock())

    def pause(self, seconds: float) -> None:
        """Up to so long, at random, and no longer than the invocation's time lasts."""
        self._sleep(min(self._jitter() * seconds, max(0.0, deadline.left())))

    def _repeated(self, once: Callable[[], T], tries: int = _TRIES) -> T:
        began, number = time.monotonic(), 1
        while True:
            try:
                return once()
            except AwsError as error:
                wait = self._jitter() * _STEP_SECONDS * 2**number
                late = time.monotonic() + wait - began > _LAST_TRY_SECONDS or wait > deadline.left()
                if not error.passing or number == tries or late:
                    raise
            self._sleep(wait)
            number += 1

    def _send(self, request: _Request) -> Answer:
        method, url, body = request.method, request.url, request.body
        signed = self._signer(request.service).headers(method, url, request.headers, body, self._clock())
        try:
            return exchange(
                self._connections.pool(url), method, url, headers=signed, body=body or None, connect=_CONNECT,
                read=_READ, max_bytes=request.max_bytes,
            )  # fmt: skip
        except HttpTooLong:
            raise AwsError(request.operation, TOO_LONG) from None
        except (HttpRefused, HttpLost):
            raise AwsError(request.operation, NO_ANSWER) from None

    def _signer(self, service: str) -> Signer:
        return Signer(self._credentials.get(), region(self._env), service)


@cache
def aws() -> Aws:
    """The account that this process belongs to."""
    # A copy: each look into `os.environ` encodes and decodes, and a call looks seven times.
    return Aws(dict(os.environ))


def _told(operation: str, answer: Answer) -> dict[str, Any]:
    told = answer.json_object()
    if told is None:
        # What is not JSON did not come from the service, or not whole.
        raise AwsError(operation, NO_ANSWER, answer.status)
    if answer.status != 200:
        code = str(told.get("__type") or "").rpartition("#")[2]
        raise AwsError(operation, code or f"http_{answer.status}", answer.status, told)
    return told


def _served(method: str, answer: Answer) -> Answer:
    if answer.status >= 500 or answer.status == 429:
        raise AwsError(method, f"http_{answer.status}", answer.status)
    return answer
