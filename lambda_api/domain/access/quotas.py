"""Quotas of one owner: a token bucket for submits, and a cap on unfinished jobs.

The bucket is stored as one number (GCRA, ITU-T I.371): `full_at`, the moment at which it is full again. Each submit
adds the time that one token takes to refill; a submit that would move `full_at` too far is refused. No rate-limit
library does this: the check must be part of the DynamoDB transaction that stores the job.
"""

from __future__ import annotations

from dataclasses import dataclass

from lambda_api.domain.errors import Quota, RateLimited, TooManyJobs
from lambda_api.domain.policy import MINUTE, SECOND

_JOBS_RETRY_SECONDS = 10
"""The end of a job cannot be predicted; most take less time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Limits of each owner, from settings; the same for all. Each is at least 1."""

    rate_per_minute: int = 120
    """Submits per minute on average."""
    burst: int = 60
    """Submits at once, after a pause."""
    jobs_in_flight: int = 1000
    """Unfinished jobs."""

    @property
    def step_ms(self) -> int:
        """The time that one token takes to refill."""
        return -(-MINUTE // self.rate_per_minute)

    def latest_full_at(self, now: int) -> int:
        """Return the last `full_at` at which another submit is accepted: one token is left."""
        return now + (self.burst - 1) * self.step_ms

    def max_full_at(self, now: int) -> int:
        """Return the bound of `full_at` under these settings and a correct clock: a later value is ignored."""
        return now + self.burst * self.step_ms + MINUTE


@dataclass(frozen=True, slots=True)
class Usage:
    """An owner's usage. `full_at` in milliseconds since the epoch.

    Treat a negative in-flight count as zero: the row was deleted while jobs were unfinished, and they have ended since.
    """

    in_flight: int = 0
    full_at: int = 0


def check_quota(usage: Usage, allowance: Allowance, now: int) -> None:
    """Raise TooManyJobs or RateLimited if `usage` leaves no room for one more submit."""
    if usage.in_flight >= allowance.jobs_in_flight:
        quota = Quota(name="jobs", size=allowance.jobs_in_flight, unit="concurrent-requests")
        raise TooManyJobs("Too many unfinished jobs. Wait for some to finish.", quota, _JOBS_RETRY_SECONDS)
    late_ms = usage.full_at - allowance.latest_full_at(now)
    if late_ms > 0 and not is_full(usage, allowance, now):
        window = -(-allowance.burst * allowance.step_ms // SECOND)
        wait = -(-late_ms // SECOND)
        quota = Quota(name="submits", size=allowance.burst, window_seconds=window, reset_seconds=wait)
        raise RateLimited("Submission rate exceeded. Retry after the time in Retry-After.", quota, wait)


def is_full(usage: Usage, allowance: Allowance, now: int) -> bool:
    """True if the bucket is full, or its value is impossible (settings were lowered, a clock was ahead)."""
    return usage.full_at <= now or usage.full_at > allowance.max_full_at(now)
