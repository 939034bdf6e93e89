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

from contract.addresses import is_allowed
from contract.urls import UrlError, check_target, parse_url
from lambda_api.adapters import deadline
from lambda_api.adapters.dns import resolve
from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, ResponseError
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.ports import DeliveryResult

BOUNDS = Bounds(connect=5.0, read=10.0, max_bytes=64 * 1024)
"""Together the 15 s of Standard Webhooks."""
_ALREADY_RESUMED = 409
"""n8n returns it when an earlier delivery has resumed the waiting execution."""
_GONE = 410
_ADDRESSES = 3
"""Try up to 3 addresses within one connect timeout, in case the first is unreachable."""

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
        try:
            target = parse_url(url)
            check_target(target, allow_loopback=self._allow_loopback, https_only=True)
        except UrlError:
            return DeliveryResult(ok=False, result=FORBIDDEN, final=True)
        secrets = self._callers().callback_secrets.get(owner)
        if not secrets:
            return DeliveryResult(ok=False, result="no_secret")
        until = time.monotonic() + min(self._bounds.connect, deadline.left())
        try:
            addresses = resolve(target.host, target.port, until - time.monotonic())
        except OSError:
            return DeliveryResult(ok=False, result="unreachable")
        if not all(is_allowed(address, allow_loopback=self._allow_loopback) for address in addresses):
            return DeliveryResult(ok=False, result=FORBIDDEN, final=True)
        headers = _headers(secrets, message_id, now, body)
        bounds = replace(self._bounds, connect=until - time.monotonic())
        try:
            response = self._http.send(
                "POST", target.url, bounds, headers=headers, body=body.encode(), addresses=addresses[:_ADDRESSES]
            )
        except ConnectError:
            return DeliveryResult(ok=False, result="unreachable")
        except ResponseError:
            return DeliveryResult(ok=False, result="no_answer")
        return DeliveryResult(
            ok=200 <= response.status < 300 or response.status == _ALREADY_RESUMED,
            result=f"http_{response.status}",
            final=response.status == _GONE,
            retry_after_ms=response.retry_after_ms(),
        )


def _headers(secrets: Sequence[str], message_id: str, now: int, body: str) -> dict[str, str]:
    from standardwebhooks import Webhook  # noqa: PLC0415 - only the callbacks function needs it

    seconds = now // 1000
    timestamp = datetime.fromtimestamp(seconds, UTC)
    signatures = [Webhook(secret).sign(message_id, timestamp, body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }
