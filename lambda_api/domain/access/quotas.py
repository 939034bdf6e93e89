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


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: `size` tokens, all of which refill in `refill_ms`. What is stored of it is `full_at`."""

    size: int
    refill_ms: int

    def cost_ms(self, tokens: int = 1) -> int:
        """Return the time that so many tokens take to refill."""
        return -(-tokens * self.refill_ms // self.size)

    def latest_full_at(self, now: int, tokens: int = 1) -> int:
        """Return the last `full_at` at which so many tokens are left."""
        return now + self.refill_ms - self.cost_ms(tokens)

    def max_full_at(self, now: int) -> int:
        """Return the bound of `full_at` under these settings and a correct clock: a later value is ignored."""
        return now + self.refill_ms + MINUTE

    def is_full(self, full_at: int, now: int) -> bool:
        """True if it is full, or its value is impossible (settings were lowered, a clock was ahead)."""
        return full_at <= now or full_at > self.max_full_at(now)

    def after(self, full_at: int, now: int, tokens: int = 1) -> int:
        """Return `full_at` after so many tokens were taken."""
        return (now if self.is_full(full_at, now) else full_at) + self.cost_ms(tokens)

    def wait_seconds(self, full_at: int, now: int, tokens: int = 1) -> int:
        """Return the seconds until so many tokens are left; 0 if they are now."""
        late_ms = 0 if self.is_full(full_at, now) else full_at - self.latest_full_at(now, tokens)
        return max(0, -(-late_ms // SECOND))

    @property
    def window_seconds(self) -> int:
        """The seconds in which all of it refills, rounded up."""
        return -(-self.refill_ms // SECOND)


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
    def submits(self) -> Bucket:
        step_ms = -(-MINUTE // self.rate_per_minute)
        return Bucket(self.burst, self.burst * step_ms)


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
    wait = allowance.submits.wait_seconds(usage.full_at, now)
    if wait > 0:
        window = allowance.submits.window_seconds
        quota = Quota(name="submits", size=allowance.burst, window_seconds=window, reset_seconds=wait)
        raise RateLimited("Submission rate exceeded. Retry after the time in Retry-After.", quota, wait)
