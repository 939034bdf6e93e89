"""Middleware around every request: an id, a bounded body, security headers, and a response to every error."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.limits import MAX_BODY_BYTES
from lambda_api.domain.errors import ApiError
from lambda_api.observability.logs import describe_exception, logger
from lambda_api.web import apigw_v2
from lambda_api.web.problem import problem_document

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

_RawHeaders = list[tuple[bytes, bytes]]


def _encoded(headers: Mapping[str, str]) -> _RawHeaders:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


_HEADERS = _encoded(SECURITY_HEADERS)

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Any other method is client data, which does not belong in a log."""


class BodyTooLarge(ApiError):
    status = 413
    code = "body_too_large"
    title = "The request body is too large"


class RequestMiddleware:
    """ASGI middleware. Sets `scope["state"]["request_id"]`."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str]) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = apigw_v2.request_id(scope.get("aws.event")) or self._new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        exchange = _Exchange(scope, send, request_id)
        try:
            body = await _read_bounded(receive)
            await self._app(scope, _replay(body, receive), exchange.send)
        except ApiError as error:
            await exchange.refuse(error)
        except Exception as error:
            logger.error("unhandled_error", extra={"request_id": request_id, **describe_exception(error)})
            if exchange.started:
                raise
            await exchange.refuse(ApiError(apigw_v2.INTERNAL_ERROR_DETAIL))
        exchange.log()


class _Exchange:
    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._status = 0
        self._started_at = time.monotonic()
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._status = message["status"]
            message = {**message, "headers": self._headers(message["headers"])}
        await self._send(message)

    def _headers(self, given: _RawHeaders) -> _RawHeaders:
        """Add our headers to those of the response, which take precedence. Names are in lower case."""
        named = {name for name, _ in given}
        added = [pair for pair in _HEADERS if pair[0] not in named]
        return [*given, *added, (b"x-request-id", self._request_id.encode())]

    async def refuse(self, error: ApiError) -> None:
        body = json.dumps(problem_document(error, self._request_id)).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def log(self) -> None:
        route, method = self._scope.get("route"), self._scope["method"]
        logger.info(
            "request",
            extra={
                "request_id": self._request_id,
                "method": method if method in _METHODS else "other",
                "route": getattr(route, "path", "none"),
                "status": self._status,
                "owner": self._scope["state"].get("owner"),
                "ms": round((time.monotonic() - self._started_at) * 1000),
            },
        )


async def _read_bounded(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"The request body exceeds {MAX_BODY_BYTES} bytes. Send a smaller one.")
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def receive_once() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_once
