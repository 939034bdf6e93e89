"""The request headers that change what a submit does."""

from __future__ import annotations

import re

from lambda_api.domain.errors import InvalidHeader

MAX_WAIT_SECONDS = 25
"""API Gateway gives up after 30 s."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_WAIT = re.compile(r"(?i)\bwait\s*=\s*\"?(\d{1,6})\"?")


def idempotency_key(value: str | None) -> str | None:
    """1 to 255 visible ASCII characters, or none. Raises InvalidHeader."""
    if value is None:
        return None
    key = value.strip()
    if not _KEY.fullmatch(key):
        raise InvalidHeader(
            "Idempotency-Key must be 1 to 255 visible ASCII characters.",
            errors=(("Idempotency-Key", "1 to 255 visible ASCII characters"),),
        )
    return key


def wait_seconds(prefer: str | None) -> int:
    """`Prefer: wait=N` (RFC 7240), at most 25; 0 if absent. What is not understood is ignored, as the RFC says."""
    match = _WAIT.search(prefer or "")
    return min(int(match.group(1)), MAX_WAIT_SECONDS) if match else 0
