"""Interpret the status and headers of a response to a download."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from multidict import CIMultiDictProxy

REDIRECT_STATUSES = frozenset({300, 301, 302, 303, 307, 308})
_WHOLE_RANGE = re.compile(r"bytes 0-([0-9]{1,15})/([0-9]{1,15})")
_SECONDS = re.compile(r"[0-9]{1,9}")


def has_whole_file(response: aiohttp.ClientResponse) -> bool:
    """Return True for every success except 202 (the file is not made yet) and an incomplete 206."""
    if response.status == 206:
        match = _WHOLE_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        return match is not None and int(match[1]) + 1 == int(match[2])
    return 200 <= response.status < 300 and response.status != 202


def read_content_encodings(headers: CIMultiDictProxy[str]) -> str:
    """Return the encodings of the body, the outermost last, separated by commas."""
    return ",".join([*headers.getall("Content-Encoding", []), *headers.getall("Transfer-Encoding", [])])


def read_location(headers: Mapping[str, str]) -> str:
    """Return the redirect's target, or an empty string. Bytes that are not UTF-8 are percent-encoded."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", headers.get("Location", ""))


def parse_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds to wait that `Retry-After` requests (RFC 9110 §10.2.3); None without a valid one."""
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _parse_date(value)
    if until is None:
        return None
    # Both dates come from the server's clock, which may be wrong.
    start = _parse_date(headers.get("Date", "")) or now or datetime.now(UTC)
    return max(0.0, (until - start).total_seconds())


def _parse_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
