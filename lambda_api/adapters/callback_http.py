"""Signed POSTs to clients, after Standard Webhooks 1.0.

The host is resolved here, every address it has is classified, and the connection goes to one of the first of exactly
those: a name cannot change its mind between the check and the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from contract.addresses import is_allowed
from contract.urls import Target, UrlError, check_target, parse_url
from lambda_api.adapters import deadline
from lambda_api.adapters.dns import resolve
from lambda_api.adapters.http import Answer, HttpLost, HttpRefused, Pool, exchange
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.ports import DeliveryResult

_CONNECT, _READ = 5.0, 10.0
"""Together Standard Webhooks' 15 s. The first is for DNS, connecting and the TLS handshake."""
_MAX_BYTES = 64 * 1024
_TAKEN_BEFORE = 409
"""n8n says it when the execution that waits was resumed by an earlier delivery."""
_GONE = 410
_ADDRESSES = 3
"""So many of a host's are tried, in the time that one would have: the first may be of a network that is down."""

FORBIDDEN = "forbidden_address"


class HttpCallbackSender:
    """`domain.ports.CallbackSender`. Each secret of the owner signs."""

    def __init__(self, callers: Callable[[], ApiCredentials], *, allow_loopback: bool) -> None:
        self._callers = callers
        self._allow_loopback = allow_loopback

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        try:
            target = parse_url(url)
            check_target(target, allow_loopback=self._allow_loopback, https_only=True)
        except UrlError:
            return DeliveryResult(ok=False, result=FORBIDDEN, final=True)
        secrets = self._callers().callback_secrets.get(owner)
        if not secrets:
            return DeliveryResult(ok=False, result="no_secret")
        connect = max(0.0, min(_CONNECT, deadline.left()))
        until = time.monotonic() + connect
        try:
            addresses = resolve(target.host, target.port, connect)
        except OSError:
            return DeliveryResult(ok=False, result="unreachable")
        if not all(is_allowed(address, allow_loopback=self._allow_loopback) for address in addresses):
            return DeliveryResult(ok=False, result=FORBIDDEN, final=True)
        headers = _headers(secrets, target, message_id, now, body)
        try:
            answer = _post(target.url, addresses[:_ADDRESSES], until, headers, body.encode())
        except HttpRefused:
            return DeliveryResult(ok=False, result="unreachable")
        except HttpLost:
            return DeliveryResult(ok=False, result="no_answer")
        return DeliveryResult(
            ok=200 <= answer.status < 300 or answer.status == _TAKEN_BEFORE,
            result=f"http_{answer.status}",
            final=answer.status == _GONE,
            retry_after_ms=answer.retry_after_ms(),
        )


def _post(url: str, addresses: list[str], until: float, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer of the first address that lets us connect `until` then (monotonic, seconds).

    Raises HttpRefused if none does, HttpLost as `exchange` does: what was sent once is not sent to the next.
    """
    left = list(addresses)
    while True:
        connect = (until - time.monotonic()) / len(left)
        pool = Pool(url, idle_seconds=0, address=left.pop(0))
        try:
            return exchange(
                pool, "POST", url, headers=headers, body=body, connect=connect, read=_READ, max_bytes=_MAX_BYTES
            )
        except HttpRefused:
            if not left:
                raise


def _headers(secrets: Sequence[str], target: Target, message_id: str, now: int, body: str) -> dict[str, str]:
    from standardwebhooks import Webhook  # noqa: PLC0415 - only the callbacks function needs it

    seconds = now // 1000
    when = datetime.fromtimestamp(seconds, UTC)
    signatures = [Webhook(secret).sign(message_id, when, body) for secret in secrets]
    return {
        "Host": urlsplit(target.url).netloc,
        "Content-Type": "application/json",
        "User-Agent": "api-gpu",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }
