"""The rule that the table's update expressions implement, in plain Python."""

from __future__ import annotations

from lambda_api.domain.access.quotas import Allowance, Usage, check_quota, is_full


def admit(usage: Usage, allowance: Allowance, now: int) -> Usage:
    """Return the usage after one more submit. Raises TooManyJobs or RateLimited."""
    check_quota(usage, allowance, now)
    full_at = now if is_full(usage, allowance, now) else usage.full_at
    return Usage(max(0, usage.in_flight) + 1, full_at + allowance.step_ms)
