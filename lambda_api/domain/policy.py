"""Times and limits of the gateway as pure functions. Randomness comes in as a number in [0, 1)."""

from __future__ import annotations

from dataclasses import dataclass

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

MAX_ATTEMPTS = 3
"""Dispatches of one job that RunPod may have accepted; more would be paying again and again."""

FRESH_MS = MINUTE
"""RunPod answers 404 for a job this young without it being lost."""

CALLBACK_DELAYS = (0, 5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
"""Wait before each delivery attempt, after Standard Webhooks' example schedule; then it is given up."""

MAX_CALLBACK_ATTEMPTS = len(CALLBACK_DELAYS)

CALLBACK_LEASE_MS = MINUTE
"""An attempt that was begun and not recorded within this time is taken for crashed: a failed one."""

LEFT_TO_QUEUE_MS = 15 * MINUTE
"""When a sweep looks again at a callback that it left to the queue, which may hold many of the same owner's."""

_JITTER = 0.1

_CALLBACKS_MS = int(sum(CALLBACK_DELAYS) * (1 + _JITTER))
"""From the end of a job to the last attempt, if no receiver asks for more time."""

_SPARE_MS = 24 * HOUR
"""For which the sweeper may be out of order."""


def kept_until(created_at: int, deadline_at: int, due_at: int | None, retention_ms: int) -> int:
    """When the store may drop a job, in milliseconds since the epoch.

    However short the retention is, that is after the last moment at which something is owed: a job that vanishes
    before it has ended keeps its place among its owner's jobs for ever, and its client is never told.
    """
    owed_until = max(deadline_at + _CALLBACKS_MS, due_at or 0)
    return max(created_at + retention_ms, owed_until + _SPARE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All in milliseconds, from settings."""

    job_ttl_ms: int = HOUR
    """From submission to the deadline by which a job is terminal."""
    execution_ms: int = 10 * MINUTE
    check_ms: int = MINUTE
    """How long a job may be silent before the sweeper asks about it."""
    retry_base_ms: int = 5 * SECOND
    retry_cap_ms: int = MINUTE
    dispatch_grace_ms: int = 15 * SECOND
    """Time the submitting request has for its own dispatch before the sweeper takes over."""
    callback_grace_ms: int = 15 * SECOND
    """Time a queue message has before the sweeper delivers the callback itself."""
    retention_ms: int = 7 * 24 * HOUR
    """How long a job can be read, at least; its files are kept for so long."""
    idempotency_ms: int = 24 * HOUR
    callback_scale: float = 1.0
    """Multiplies the delays between callback attempts; only tests change it."""

    def next_check(self, now: int, deadline_at: int) -> int:
        """When to look at a live job that just gave a sign of life, or was just asked about."""
        return max(now, min(now + self.check_ms, deadline_at))

    def retry_at(self, now: int, refusals: int, deadline_at: int, random: float) -> int:
        """Full jitter over an exponential, capped (AWS Builders' Library), never past the deadline."""
        ceiling = min(self.retry_cap_ms, self.retry_base_ms * 2 ** min(refusals, 10))
        floor = self.retry_base_ms // 2
        return max(now, min(now + floor + int(random * max(0, ceiling - floor)), deadline_at))

    def last_start(self, deadline_at: int) -> int:
        """The latest moment, two sweeps included, to begin an execution that takes all the time it may."""
        return deadline_at - self.execution_ms - 2 * self.check_ms

    def next_attempt(self, now: int, attempt: int, deadline_at: int) -> int:
        """When RunPod may be asked again under number `attempt`, after a dispatch whose outcome is not known.

        The last one is kept for as long as an execution still has its time, or for half of what is left if that is
        later: so long may RunPod be out of order without a job being lost (ADR 12).
        """
        return max(self.last_start(deadline_at), (now + deadline_at) // 2) if attempt >= MAX_ATTEMPTS else now

    def callback_delay(self, attempts: int, random: float, retry_after_ms: int = 0) -> int | None:
        """Milliseconds until the next attempt after `attempts` failed ones; None when it is given up."""
        if attempts >= MAX_CALLBACK_ATTEMPTS:
            return None
        base = CALLBACK_DELAYS[attempts] * self.callback_scale
        jittered = int(base * (1 + _JITTER * (2 * random - 1)))
        return max(jittered, min(retry_after_ms, 24 * HOUR))
