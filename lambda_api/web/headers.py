"""The request headers that change what a submit does."""

from __future__ import annotations

import re
from typing import Any

from lambda_api.domain.errors import InvalidHeader

MAX_WAIT_SECONDS = 25
"""From when the request came. API Gateway gives up after 30 s."""

_ANSWERING_MS = 2000
"""What the function needs after the wait: for a last look at the job, and the answer."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WAIT = re.compile(r"(?i)\bwait\s*=\s*\"?(\d{1,6})\"?")


def idempotency_key(value: str | None) -> str | None:
    """1 to 255 visible ASCII characters, or none. A blank header was not sent. Raises InvalidHeader."""
    key = (value or "").strip()
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidHeader(
            "Idempotency-Key must be 1 to 255 visible ASCII characters.",
            errors=(("Idempotency-Key", "must be 1 to 255 visible ASCII characters, for example run-7"),),
        )
    return key


def wait_until(prefer: str | None, began: int, now: int, context: Any) -> int | None:
    """When the wait ends for which `Prefer` asks, counted from `began`; None if it does not. All in milliseconds.

    `context`: Lambda's, if there is one. The function must not be stopped while it waits: the answer would be lost.
    """
    seconds = wait_seconds(prefer)
    if seconds == 0:
        return None
    left_ms = context.get_remaining_time_in_millis() if context is not None else MAX_WAIT_SECONDS * 1000
    return min(began + seconds * 1000, now + left_ms - _ANSWERING_MS)


def wait_seconds(prefer: str | None) -> int:
    """`Prefer: wait=N` (RFC 7240), at most 25; 0 if absent. What is not understood is ignored, as the RFC says."""
    match = _WAIT.search(prefer or "")
    return min(int(match.group(1)), MAX_WAIT_SECONDS) if match else 0
