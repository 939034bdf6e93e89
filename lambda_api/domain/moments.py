"""Dates and times as clients send them (RFC 3339)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

EXPECTED = "must be a date such as 2026-12-01 (UTC), or a time with its zone such as 2026-12-01T09:30:00Z"
"""The advice for a client that sent something else."""

# Python reads more: week dates, shorter forms, times without a zone.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# An unencoded plus sign arrives as a blank.
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+ -]\d{2}:\d{2})", re.ASCII)


def read_moment(text: str) -> int:
    """Return milliseconds since the epoch, not below 0; of a date, those of its start. Raises ValueError."""
    if _DATE.fullmatch(text):
        moment = datetime.combine(date.fromisoformat(text), time(), UTC)
    else:
        match = _TIME.fullmatch(text.upper())
        if match is None:
            raise ValueError("neither a date nor a time with its zone")
        moment = datetime.fromisoformat(match[1] + match[2].replace(" ", "+"))
    return max(0, int(moment.timestamp() * 1000))
