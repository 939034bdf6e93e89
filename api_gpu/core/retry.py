"""Decide whether to send a request again, and after how many seconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from api_gpu.core.effects import Response

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
MAX_RETRY_AFTER = 120.0
"""Seconds. A longer `Retry-After` is for the caller to decide."""
_BASE, _CAP = 0.5, 8.0


def backoff(failures: int, random: float) -> float:
    """Return the seconds to wait after this many failures: 0.5·2ⁿ, varied by half of it, at most 8."""
    return min(_CAP, _BASE * 2.0 ** min(failures - 1, 10) * (0.5 + random))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `Retry-After` states as a number or a date (RFC 9110); None if it states none."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - now).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None


def delay_after(
    response: Response | None, failures: int, max_retries: int, random: float, now: datetime
) -> float | None:
    """Return the seconds until the next attempt; None if this answer is final. `response` is None without an answer."""
    if failures > max_retries:
        return None
    if response is None:
        return backoff(failures, random)
    if response.status not in RETRIED and not is_storage_timeout(response):
        return None
    stated = retry_after(response.headers, now)
    if stated is None:
        return backoff(failures, random)
    return stated if stated <= MAX_RETRY_AFTER else None


def is_storage_timeout(response: Response) -> bool:
    """Return True for S3's 400 `RequestTimeout`: the body did not arrive in time."""
    return response.status == 400 and b"<Code>RequestTimeout</Code>" in response.body
