"""Times and limits of the gateway as pure functions. Randomness comes in as a number in [0, 1)."""

from __future__ import annotations

from dataclasses import dataclass

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

MAX_ATTEMPTS = 3
"""Dispatches of one job that RunPod may have accepted; each of them may be billed."""

FRESH_MS = MINUTE
"""RunPod may return 404 for a job younger than this that it has not lost."""

CALLBACK_DELAYS = (0, 5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
"""Wait before each delivery attempt (Standard Webhooks' example schedule). After the last attempt we give up."""

MAX_CALLBACK_ATTEMPTS = len(CALLBACK_DELAYS)

CALLBACK_LEASE_MS = MINUTE
"""An attempt whose outcome is not recorded within this time is presumed crashed and treated as failed."""

DEFERRAL_MS = 15 * MINUTE
"""Time until a sweep checks a deferred callback again; the queue may hold many of the same owner."""

_JITTER = 0.1

_CALLBACKS_MS = int(sum(CALLBACK_DELAYS) * (1 + _JITTER))
"""From the end of a job to the last attempt, if no receiver sends a longer `Retry-After`."""

_SPARE_MS = 24 * HOUR
"""Longest outage of the sweeper that loses nothing."""


def expires_at(created_at: int, deadline_at: int, due_at: int | None, retention_ms: int) -> int:
    """Return when the store may delete a job, in milliseconds since the epoch.

    However short the retention, that is after the last moment at which work on it may be left: a job deleted before
    it has finished would hold its place in the owner's quota forever, and its client would get no callback.
    """
    busy_until = max(deadline_at + _CALLBACKS_MS, due_at or 0)
    return max(created_at + retention_ms, busy_until + _SPARE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Durations in milliseconds, from settings."""

    job_ttl_ms: int = HOUR
    """From submission to the deadline by which a job is terminal."""
    execution_ms: int = 10 * MINUTE
    check_ms: int = MINUTE
    """Time without news of a job after which the sweeper checks it."""
    retry_base_ms: int = 5 * SECOND
    retry_cap_ms: int = MINUTE
    dispatch_grace_ms: int = 15 * SECOND
    """Time that the submitting request has for its own dispatch before the sweeper takes over."""
    callback_grace_ms: int = 15 * SECOND
    """Time that a queue message has before the sweeper delivers the callback itself."""
    retention_ms: int = 7 * 24 * HOUR
    """Minimum time for which a job can be read; its files are kept for the same time."""
    idempotency_ms: int = 24 * HOUR
    callback_scale: float = 1.0
    """Multiplies the delays between callback attempts; only tests change it."""

    def next_check(self, now: int, deadline_at: int) -> int:
        """Return when to check a live job again after news of it or a check: in one to one and a half `check_ms`.

        On a grid, because a change of `due_at` is paid for in its index: most progress reports then change nothing.
        """
        grid = max(1, self.check_ms // 2)
        rounded = -(-(now + self.check_ms) // grid) * grid
        return max(now, min(rounded, deadline_at))

    def retry_at(self, now: int, refusals: int, deadline_at: int, random: float) -> int:
        """Return the time of the next try, by the deadline: exponential, full jitter (AWS Builders' Library)."""
        ceiling = min(self.retry_cap_ms, self.retry_base_ms * 2 ** min(refusals, 10))
        floor = self.retry_base_ms // 2
        return max(now, min(now + floor + int(random * max(0, ceiling - floor)), deadline_at))

    def last_start(self, deadline_at: int) -> int:
        """Return the latest start of an execution of maximum length, with two sweeps to spare before the deadline."""
        return deadline_at - self.execution_ms - 2 * self.check_ms

    def next_attempt(self, now: int, attempt: int, deadline_at: int) -> int:
        """Return when attempt number `attempt` may be made after a dispatch with an unknown outcome.

        The last attempt is kept until the last moment that leaves an execution its full time, or until half of the
        remaining time if that is later: a RunPod outage of that length loses no job (ADR 12).
        """
        return max(self.last_start(deadline_at), (now + deadline_at) // 2) if attempt >= MAX_ATTEMPTS else now

    def callback_delay(self, attempts: int, random: float, retry_after_ms: int = 0) -> int | None:
        """Return the milliseconds until the next attempt after `attempts` failed ones; None if no attempt is left."""
        if attempts >= MAX_CALLBACK_ATTEMPTS:
            return None
        base = CALLBACK_DELAYS[attempts] * self.callback_scale
        jittered = int(base * (1 + _JITTER * (2 * random - 1)))
        return max(jittered, min(retry_after_ms, 24 * HOUR))
