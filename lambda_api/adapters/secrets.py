"""Secrets, read from Secrets Manager."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from lambda_api.adapters.aws_errors import unavailable
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import Observer

T = TypeVar("T")

_WHAT = "secret store"
LIFE_SECONDS = 60.0
AGAIN_SECONDS = 10.0
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
    """Two, in seconds: the first may be set, the second may stand still while Lambda freezes the process."""
    return time.time(), time.monotonic()


class CachedSecret(Generic[T]):
    """What was made of a secret, made again by the first who asks for it after a minute.

    A failure to read it is noted and the value kept, for the callers can do nothing about it; it is tried again soon.
    """

    def __init__(
        self, value: T, read: Callable[[], T], observer: Observer, clocks: Callable[[], tuple[float, ...]] = clocks
    ) -> None:
        self._value = value
        self._read = read
        self._observer = observer
        self._clocks = clocks
        self._read_at = clocks()
        self._life = LIFE_SECONDS

    def __call__(self) -> T:
        """Raises nothing."""
        now = self._clocks()
        if any(not 0 <= new - old < self._life for new, old in zip(now, self._read_at, strict=True)):
            # The time before the read: what is changed while it is read is seen in a minute at most.
            self._read_at, self._life = now, LIFE_SECONDS
            try:
                self._value = self._read()
            except Unavailable as error:
                self._life = AGAIN_SECONDS
                self._observer.warn("secret_refresh_failed", reason=error.reason or error.detail)
        return self._value
