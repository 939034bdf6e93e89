"""Retry calls to RunPod's management API until a deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from contract.retry import Backoff, retry_sync
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderUnknown

T = TypeVar("T")

_BACKOFF = Backoff(base=0.75, cap=15.0, jitter=1 / 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The time limit for retries. Seconds on `clock`, which is monotonic; `random` in [0, 1)."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    until: float

    def retry(self, call: Callable[[], T]) -> T:
        """Repeat a call that is safe to repeat until RunPod accepts or rejects it, or time is up."""
        return retry_sync(call, (ProviderRefused, ProviderUnknown), self.delay, self.sleep)

    def delay(self, failures: int, error: ProviderError) -> float | None:
        """Return the seconds to wait, at least RunPod's `Retry-After`; None if the wait would pass the deadline."""
        backoff = _BACKOFF.delay(failures, self.random) or 0.0
        seconds = max(backoff, error.retry_after_ms / 1000)
        return seconds if self.clock() + seconds < self.until else None

    def backoff(self, failures: int, error: ProviderError) -> bool:
        """Wait before the next try; False, without a wait, if it would pass the deadline."""
        seconds = self.delay(failures, error)
        if seconds is None:
            return False
        self.sleep(seconds)
        return True
