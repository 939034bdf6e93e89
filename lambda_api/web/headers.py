"""Request headers that change what a submit does."""

from __future__ import annotations

import re
from typing import Any

from lambda_api.domain.errors import InvalidHeader

MAX_WAIT_SECONDS = 25
"""From the arrival of the request. API Gateway's timeout is 30 s."""

_RESPONSE_MS = 2000
"""Time for a last read of the job and the response after the wait."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WAIT = re.compile(r"(?i)\bwait\s*=\s*\"?(\d{1,6})\"?")


def idempotency_key(value: str | None) -> str | None:
    """Return the key, or None for a missing or blank header. Raises InvalidHeader."""
    key = (value or "").strip()
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidHeader(
            "Idempotency-Key must be 1 to 255 visible ASCII characters.",
            errors=(("Idempotency-Key", "must be 1 to 255 visible ASCII characters, for example run-7"),),
        )
    return key


def wait_deadline(prefer: str | None, received_at: int, now: int, context: Any) -> int | None:
    """Return the end of the wait that `Prefer` requests, from `received_at`; None without one. All in milliseconds.

    `context`: Lambda's, if there is one. The wait ends before the function's timeout, which would lose the response.
    """
    seconds = wait_seconds(prefer)
    if seconds == 0:
        return None
    left_ms = context.get_remaining_time_in_millis() if context is not None else MAX_WAIT_SECONDS * 1000
    return min(received_at + seconds * 1000, now + left_ms - _RESPONSE_MS)


def wait_seconds(prefer: str | None) -> int:
    """Return the seconds of `Prefer: wait=N`, at most 25; 0 if absent. Ignores unknown preferences (RFC 7240)."""
    match = _WAIT.search(prefer or "")
    return min(int(match.group(1)), MAX_WAIT_SECONDS) if match else 0
