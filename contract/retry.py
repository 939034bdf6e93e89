"""Retry with exponential backoff and jitter. A library such as tenacity would lengthen each Lambda cold start."""

import math
import random as random_module
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Delays of `base` seconds, doubled after each failure up to `cap`, and varied by ±`jitter` (0 to 1)."""

    attempts: float = math.inf
    base: float
    cap: float = math.inf
    jitter: float = 0.5

    def delay(self, failures: int, random: Callable[[], float] = random_module.random) -> float | None:
        """Return the seconds to wait after this many failures; None if no attempt is left."""
        if failures >= self.attempts:
            return None
        return min(self.cap, self.base * 2.0 ** min(failures - 1, 60) * (1 + self.jitter * (2 * random() - 1)))


def retry_sync(
    call: Callable[[], T], errors: type[E] | tuple[type[E], ...],
    delay: Callable[[int, E], float | None], sleep: Callable[[float], None],
) -> T:  # fmt: skip
    """Call until it returns. `delay(failures, error)` gives the seconds before the next call, or None to raise."""
    failures = 0
    while True:
        try:
            return call()
        except errors as error:
            failures += 1
            if (seconds := delay(failures, error)) is None:
                raise
        sleep(seconds)


async def retry_async(
    call: Callable[[], Awaitable[T]], errors: type[E] | tuple[type[E], ...],
    delay: Callable[[int, E], float | None], sleep: Callable[[float], Awaitable[object]],
) -> T:  # fmt: skip
    """Like `retry_sync`, for a coroutine function."""
    failures = 0
    while True:
        try:
            return await call()
        except errors as error:
            failures += 1
            if (seconds := delay(failures, error)) is None:
                raise
        await sleep(seconds)
