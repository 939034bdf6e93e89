"""Secrets from Secrets Manager, cached for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from lambda_api.adapters.aws.errors import unavailable
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import Observer

T = TypeVar("T")

_WHAT = "secret store"
TTL_SECONDS = 60.0
RETRY_SECONDS = 10.0
"""After a read that failed."""


def read_secret(client: Any, arn: str) -> str:
    """Return the current text of a secret. Raises Unavailable, which carries nothing of the text.

    `client` is boto3's for Secrets Manager.
    """
    with unavailable(_WHAT):
        secret = client.get_secret_value(SecretId=arn).get("SecretString")
    if not isinstance(secret, str):
        raise Unavailable("The secret is not text.")
    return secret


def clocks() -> tuple[float, ...]:
    """Return two times in seconds: the first can be set, the second may stop while Lambda freezes the process."""
    return time.time(), time.monotonic()


class CachedSecret(Generic[T]):
    """A value parsed from a secret. The first caller after a minute reads the secret again.

    If that fails, a warning is logged and the old value stays, since callers cannot help it; the next attempt is
    `RETRY_SECONDS` later.
    """

    def __init__(
        self, value: T, read: Callable[[], T], observer: Observer, clocks: Callable[[], tuple[float, ...]] = clocks
    ) -> None:
        self._value = value
        self._read = read
        self._observer = observer
        self._clocks = clocks
        self._read_at = clocks()
        self._ttl = TTL_SECONDS

    def __call__(self) -> T:
        """Raises nothing."""
        now = self._clocks()
        if any(not 0 <= new - old < self._ttl for new, old in zip(now, self._read_at, strict=True)):
            # The time before the read, so that a change during the read is seen within a minute.
            self._read_at, self._ttl = now, TTL_SECONDS
            try:
                self._value = self._read()
            except Unavailable as error:
                self._ttl = RETRY_SECONDS
                self._observer.warn("secret_refresh_failed", reason=error.reason or error.detail)
        return self._value
