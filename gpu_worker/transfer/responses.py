"""Interpret the status and headers of a response to a download."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from multidict import CIMultiDictProxy

REDIRECTS = frozenset({300, 301, 302, 303, 307, 308})
_WHOLE = re.compile(r"bytes 0-([0-9]{1,15})/([0-9]{1,15})")
_SECONDS = re.compile(r"[0-9]{1,9}")


def has_file(response: aiohttp.ClientResponse) -> bool:
    """True for every success except 202, the file not made yet, and a part of it that was not asked for."""
    if response.status == 206:
        part = _WHOLE.fullmatch(response.headers.get("Content-Range", ""))
        return part is not None and int(part[1]) + 1 == int(part[2])
    return 200 <= response.status < 300 and response.status != 202


def encodings_of(headers: CIMultiDictProxy[str]) -> str:
    """Return what the body is packed in, the outermost last."""
    return ",".join([*headers.getall("Content-Encoding", []), *headers.getall("Transfer-Encoding", [])])


def location_of(headers: Mapping[str, str]) -> str:
    """Return the redirect's target, or nothing. Bytes that are not UTF-8 are encoded as they are, as browsers do."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", headers.get("Location", ""))


def seconds_asked(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that `Retry-After` asks to wait (RFC 9110 §10.2.3); None if it asks nothing."""
    asked = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(asked):
        return float(asked)
    until = _moment(asked)
    if until is None:
        return None
    # Both dates are by the server's clock, which may be wrong.
    began = _moment(headers.get("Date", "")) or now or datetime.now(UTC)
    return max(0.0, (until - began).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
