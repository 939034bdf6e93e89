"""Verify and read callbacks, which are signed as Standard Webhooks describes (symmetric, `v1`).

Not with their library: it takes no list of secrets, no tolerance and no clock.

    event = webhooks.unwrap(request.body, request.headers, secret)
    if event.is_finished: ...
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api_gpu.errors import JobFailed, WebhookVerificationError
from api_gpu.job_data import ENDINGS, JobData

TOLERANCE_SECONDS = 300
"""How old a callback may be, or how far ahead its clock."""
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A callback that is from the API. Types that this version does not know are kept."""

    type: str
    """`job.completed`, `job.failed`, `job.cancelled`, `job.timed_out`, `job.progress` or `webhook.test`."""
    webhook_id: str
    """The same at each delivery: use it to drop repeats."""
    sent_at: datetime
    data: Mapping[str, Any] = field(repr=False)
    """The whole body: the job as it was, with `type`."""

    @property
    def job_id(self) -> str | None:
        return self.data.get("job_id")

    @property
    def status(self) -> str | None:
        return self.data.get("status")

    @property
    def is_finished(self) -> bool:
        """True if the job has ended."""
        return self.status in ENDINGS

    @property
    def video_url(self) -> str | None:
        return self.data.get("video_url")

    def raise_for_status(self) -> None:
        """Raise JobFailed if the job has ended without a result."""
        if self.job_id is not None:
            JobData(self.job_id, self.data).raise_for_status()


def unwrap(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | Iterable[str],
    tolerance: float = TOLERANCE_SECONDS,
    *,
    now: Callable[[], float] = time.time,
) -> WebhookEvent:
    """Verify a callback and return it. Raises WebhookVerificationError.

    `body` is what arrived, byte by byte; `headers` in any case of letters. `secret` is your `whsec_…`, or several while
    you change it. `tolerance` in seconds.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    sent = {str(name).lower(): str(text) for name, text in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not sent.get(name)]
    if missing:
        raise WebhookVerificationError(f"the header {missing[0]} is missing")
    timestamp = _timestamp(sent["webhook-timestamp"], tolerance, now())
    _verify(raw, sent, [secret] if isinstance(secret, str) else list(secret))
    try:
        data = json.loads(raw)
    except ValueError:
        raise WebhookVerificationError("the body is no JSON") from None
    if not isinstance(data, dict):
        raise WebhookVerificationError("the body is no JSON object")
    return WebhookEvent(str(data.get("type", "")), sent["webhook-id"], datetime.fromtimestamp(timestamp, UTC), data)


def sign(body: bytes, webhook_id: str, timestamp: int, secret: str) -> str:
    """Return the signature of a delivery, for tests of receivers."""
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), content, hashlib.sha256).digest()).decode()


def _verify(body: bytes, sent: Mapping[str, str], secrets: list[str]) -> None:
    content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    expected = [hmac.new(_key(secret), content, hashlib.sha256).digest() for secret in secrets]
    given = [_decoded(text[3:]) for text in sent["webhook-signature"].split() if text.startswith("v1,")]
    # Every pair is compared, in constant time, so that the time says nothing about which one matches.
    matches = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(matches):
        raise WebhookVerificationError("no signature matches; check the secret, and pass the body as it arrived")


def _timestamp(text: str, tolerance: float, now: float) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise WebhookVerificationError("webhook-timestamp is no number of seconds")
    timestamp = int(text)
    if abs(now - timestamp) > tolerance:
        raise WebhookVerificationError(
            f"the callback is from {abs(now - timestamp):.0f} s {'ago' if timestamp < now else 'ahead'}; "
            "it may be a repeat by somebody else, or a clock is wrong"
        )
    return timestamp


def _key(secret: str) -> bytes:
    key = _decoded(secret.strip().removeprefix(_PREFIX))
    if not key:
        raise WebhookVerificationError("the secret is not one of `whsec_…`")
    return key


def _decoded(text: str) -> bytes:
    """Return the bytes of base64, with or without padding; empty if it is none."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


__all__ = ["JobFailed", "WebhookEvent", "WebhookVerificationError", "sign", "unwrap"]
