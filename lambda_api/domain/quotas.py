"""How much one owner may ask for: a token bucket for submits, and a cap on jobs that are not over.

The bucket is kept as one number (GCRA, ITU-T I.371): `full_at`, the moment at which it would be full again. Each submit
moves it on by the time in which a token grows; a submit that would move it too far is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from lambda_api.domain.errors import Quota, RateLimited, TooManyJobs
from lambda_api.domain.policy import MINUTE, SECOND

_JOBS_RETRY_SECONDS = 10
"""Nobody knows when a job will end; most take less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The same for each owner, from settings. At least 1 each."""

    rate_per_minute: int = 120
    """Submits, in the long run."""
    burst: int = 60
    """Submits at once, after a pause."""
    jobs_in_flight: int = 1000
    """Jobs that are stored and not over."""

    @property
    def step_ms(self) -> int:
        """The time in which one token grows."""
        return -(-MINUTE // self.rate_per_minute)

    def latest(self, now: int) -> int:
        """The last `full_at` with which another submit is taken: one token is left."""
        return now + (self.burst - 1) * self.step_ms

    def impossible(self, now: int) -> int:
        """No submit leads beyond this, under these settings and a sound clock: a later `full_at` counts for nothing."""
        return now + self.burst * self.step_ms + MINUTE


@dataclass(frozen=True, slots=True)
class Usage:
    """What is known of an owner. `full_at` in milliseconds since the epoch.

    Fewer than no jobs in flight are none: the row was deleted while there were some, and they have ended since.
    """

    in_flight: int = 0
    full_at: int = 0


def admit(usage: Usage, allowance: Allowance, now: int) -> Usage:
    """The usage after one more submit. Raises TooManyJobs or RateLimited."""
    check(usage, allowance, now)
    full_at = now if is_full(usage, allowance, now) else usage.full_at
    return Usage(max(0, usage.in_flight) + 1, full_at + allowance.step_ms)


def check(usage: Usage, allowance: Allowance, now: int) -> None:
    """Raises TooManyJobs or RateLimited if `usage` leaves no room for one more submit."""
    if usage.in_flight >= allowance.jobs_in_flight:
        quota = Quota(name="jobs", size=allowance.jobs_in_flight, unit="concurrent-requests")
        raise TooManyJobs("Too many jobs are not over yet. Wait for some of them.", quota, _JOBS_RETRY_SECONDS)
    late_ms = usage.full_at - allowance.latest(now)
    if late_ms > 0 and not is_full(usage, allowance, now):
        window = -(-allowance.burst * allowance.step_ms // SECOND)
        wait = -(-late_ms // SECOND)
        quota = Quota(name="submits", size=allowance.burst, window_seconds=window, reset_seconds=wait)
        raise RateLimited("Jobs are submitted too fast.", quota, wait)


def is_full(usage: Usage, allowance: Allowance, now: int) -> bool:
    """True if the bucket is full, or says what cannot be (settings were lowered, a clock was ahead)."""
    return usage.full_at <= now or usage.full_at > allowance.impossible(now)
