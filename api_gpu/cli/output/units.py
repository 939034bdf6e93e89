"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def size(count: int) -> str:
    """Return a number of bytes, such as "3.2 MB"."""
    amount, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 999.5 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" or amount >= 99.5 else f"{amount:.1f} {units[0]}"


def duration(seconds: float) -> str:
    """Return a length of time, such as "4 s" or "2:05 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def money(usd: float) -> str:
    """Return an amount of dollars, with more digits if it is small."""
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def age(stamp: object, now: datetime) -> str:
    """Return how long ago an RFC 3339 time was, such as "5 min"; the value itself if it is none."""
    try:
        passed = (now - datetime.fromisoformat(str(stamp))).total_seconds()
    except (ValueError, TypeError):
        return str(stamp or "")
    for unit, seconds in (("d", 86400), ("h", 3600), ("min", 60)):
        if passed >= seconds:
            return f"{int(passed // seconds)} {unit}"
    return f"{max(0, int(passed))} s"


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
