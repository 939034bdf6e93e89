"""The rule that the table's update expressions implement, in plain Python."""

from __future__ import annotations

from lambda_api.domain.access.quotas import Allowance, Usage, check_quota


def admit(usage: Usage, allowance: Allowance, now: int) -> Usage:
    """Return the usage after one more submit. Raises TooManyJobs or RateLimited."""
    check_quota(usage, allowance, now)
    return Usage(max(0, usage.in_flight) + 1, allowance.submits.after(usage.full_at, now))
