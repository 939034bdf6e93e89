"""Signed POSTs to clients, after Standard Webhooks 1.0.

The host is resolved here, all of its addresses are classified, and the connection goes to one of exactly those. This
prevents DNS rebinding between check and connect.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from contract.urls import UrlError, check_target, parse_url
from lambda_api.adapters import deadline
from lambda_api.adapters.dns import ForbiddenAddressError, resolve_allowed
from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, ResponseError
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.ports import DeliveryResult

BOUNDS = Bounds(connect=5.0, read=10.0, max_bytes=64 * 1024)
"""Together the 15 s of Standard Webhooks."""
_GONE = 410
_EXCERPT, _EXCERPT_BYTES = 500, 4096
"""Characters of a response that the delivery log keeps, and bytes read for them."""

FORBIDDEN = "forbidden_address"


class HttpCallbackSender:
    """`domain.ports.CallbackSender`. Signs with each secret of the owner. `tls`: see `HttpClient`."""

    def __init__(
        self,
        callers: Callable[[], ApiCredentials],
        *,
        allow_loopback: bool,
        bounds: Bounds = BOUNDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._callers = callers
        self._allow_loopback = allow_loopback
        self._bounds = bounds
        self._http = HttpClient(tls=tls)

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        began = time.monotonic()
        result = self._send(owner, url, message_id, now, body)
        return replace(result, duration_ms=round((time.monotonic() - began) * 1000))

    def hold(self, owner: str, message_id: str, now: int, body: str) -> DeliveryResult:
        secrets = self._callers().callback_secrets.get(owner)
        if not secrets:
            return DeliveryResult(ok=False, result="no_secret")
        return DeliveryResult(ok=True, result="held", headers=_sign(secrets, message_id, now, body))

    def _send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        try:
            target = parse_url(url)
            check_target(target, allow_loopback=self._allow_loopback, https_only=True)
        except UrlError:
            return DeliveryResult(ok=False, result=FORBIDDEN, final=True)
        secrets = self._callers().callback_secrets.get(owner)
        if not secrets:
            return DeliveryResult(ok=False, result="no_secret")
        signed = _sign(secrets, message_id, now, body)
        until = time.monotonic() + min(self._bounds.connect, deadline.left())
        try:
            addresses = resolve_allowed(
                target.host, target.port, until - time.monotonic(), allow_loopback=self._allow_loopback
            )
        except OSError:
            return DeliveryResult(ok=False, result="unreachable", headers=signed)
        except ForbiddenAddressError:
            return DeliveryResult(ok=False, result=FORBIDDEN, final=True)
        headers = {"Content-Type": "application/json", **signed}
        bounds = replace(self._bounds, connect=until - time.monotonic())
        try:
            response = self._http.send(
                "POST", target.url, bounds, headers=headers, body=body.encode(), addresses=addresses
            )
        except ConnectError:
            return DeliveryResult(ok=False, result="unreachable", headers=signed)
        except ResponseError:
            return DeliveryResult(ok=False, result="no_answer", headers=signed)
        return DeliveryResult(
            ok=200 <= response.status < 300,
            result=f"http_{response.status}",
            final=response.status == _GONE,
            retry_after_ms=response.retry_after_ms(),
            response=excerpt(response.body),
            headers=signed,
        )


def excerpt(body: bytes) -> str:
    """Return the start of a response as one line of printable text."""
    # Four bytes a character at most, and room for what is removed.
    text = "".join(
        letter if letter.isprintable() else " " if letter.isspace() else ""
        for letter in body[:_EXCERPT_BYTES].decode("utf-8", "replace")
    )
    return " ".join(text.split())[:_EXCERPT]


def _sign(secrets: Sequence[str], message_id: str, now: int, body: str) -> dict[str, str]:
    from standardwebhooks import Webhook  # noqa: PLC0415 - only the callbacks function needs it

    seconds = now // 1000
    timestamp = datetime.fromtimestamp(seconds, UTC)
    signatures = [Webhook(secret).sign(message_id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }
