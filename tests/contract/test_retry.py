"""Backoff delays, and what is retried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from contract.retry import Backoff, retry_async, retry_sync

BACKOFF = Backoff(attempts=4, base=1.0, cap=3.0)


class FlakyCall:
    """Raises the given errors one after the other, then returns the number of calls."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.calls = 0
        self.sleeps: list[float] = []

    def call(self) -> int:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return self.calls

    async def call_async(self) -> int:
        return self.call()

    async def sleep_async(self, seconds: float) -> None:
        self.sleeps.append(seconds)


def run_sync(flaky: FlakyCall, delay: Callable[[int, OSError], float | None]) -> int:
    return retry_sync(flaky.call, OSError, delay, flaky.sleeps.append)


def run_async(flaky: FlakyCall, delay: Callable[[int, OSError], float | None]) -> int:
    return asyncio.run(retry_async(flaky.call_async, OSError, delay, flaky.sleep_async))


both = pytest.mark.parametrize("run", [run_sync, run_async])


@pytest.mark.parametrize(
    ("random", "expected"),
    [(0.5, [1.0, 2.0, 3.0, None, None]), (0.0, [0.5, 1.0, 2.0, None, None]), (1.0, [1.5, 3.0, 3.0, None, None])],
)
def test_delays_double_up_to_the_cap_and_vary(random: float, expected: list[float | None]) -> None:
    assert [BACKOFF.delay(failures, lambda: random) for failures in range(1, 6)] == expected


def test_jitter_spreads_delays_over_its_whole_range() -> None:
    delays = [Backoff(base=1.0, jitter=0.25).delay(1) or 0.0 for _ in range(1000)]
    assert 0.75 <= min(delays) < 0.8
    assert 1.2 < max(delays) <= 1.25


def test_unlimited_attempts_always_have_a_delay() -> None:
    assert Backoff(base=1.0, cap=15.0).delay(10_000, lambda: 0.5) == 15.0


@both
def test_call_is_repeated_until_it_returns(run: Callable[..., int]) -> None:
    flaky = FlakyCall(OSError(), TimeoutError())
    assert run(flaky, lambda failures, error: BACKOFF.delay(failures, lambda: 0.5)) == 3
    assert flaky.sleeps == [1.0, 2.0]


@both
def test_last_error_is_raised_without_a_wait(run: Callable[..., int]) -> None:
    flaky = FlakyCall(*(OSError(number) for number in range(1, 9)))
    with pytest.raises(OSError, match="4"):
        run(flaky, lambda failures, error: BACKOFF.delay(failures))
    assert (flaky.calls, len(flaky.sleeps)) == (4, 3)


@both
def test_other_errors_are_not_retried(run: Callable[..., int]) -> None:
    flaky = FlakyCall(ValueError())
    with pytest.raises(ValueError):  # noqa: PT011 - it has no message
        run(flaky, lambda failures, error: 0.0)
    assert (flaky.calls, flaky.sleeps) == (1, [])


@both
def test_delay_depends_on_the_error(run: Callable[..., int]) -> None:
    waits = {"slow": 7.0, "fast": 0.5}
    flaky = FlakyCall(OSError("slow"), OSError("fast"), OSError("final"))
    with pytest.raises(OSError, match="final"):
        run(flaky, lambda failures, error: waits.get(str(error)))
    assert flaky.sleeps == [7.0, 0.5]
