"""HTTP request ↔ API Gateway HTTP API event, payload format 2.0 (AWS docs: Lambda integrations for HTTP APIs). Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

ACCOUNT_ID, API_ID, STAGE = "000000000000", "local", "$default"
_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as received. `path` is the raw path, still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Iterable[tuple[str, str]]
    body: bytes
    source_ip: str


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def to_event(request: HttpRequest, *, request_id: str, now: float) -> dict[str, Any]:
    """Build the event that a `$default` route sends to Lambda. Keys without a value are omitted."""
    headers, cookies = _join_headers(request.headers)
    when = datetime.fromtimestamp(now, UTC)
    path = unquote(request.path)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": STAGE,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": API_ID,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": STAGE,
            "stage": STAGE,
            "time": when.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = _join_query(request.query)
    if request.body:
        event["body"], event["isBase64Encoded"] = _encode_body(request.body, headers.get("content-type", ""))
    return event


def to_response(result: Any) -> HttpResponse:
    """Convert a handler's response as API Gateway does.

    Anything without a `statusCode` is itself the body of a 200 (format 2.0 infers the rest); a malformed one with
    a `statusCode` is a 500.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        text = result if isinstance(result, str) else json.dumps(result)
        return HttpResponse(200, (("content-type", "application/json"),), text.encode())
    try:
        status = int(result["statusCode"])
        headers = [(str(k).lower(), str(v)) for k, v in (result.get("headers") or {}).items()]
        headers += [("set-cookie", str(cookie)) for cookie in result.get("cookies") or []]
        body = result.get("body") or ""
        data = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else str(body).encode()
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return message(500, "Internal Server Error")
    if not 100 <= status <= 599:
        return message(500, "Internal Server Error")
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return HttpResponse(status, tuple(headers), data)


def message(status: int, text: str) -> HttpResponse:
    """Build a response of API Gateway itself."""
    return HttpResponse(status, (("content-type", "application/json"),), json.dumps({"message": text}).encode())


def _join_headers(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    joined: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, value in pairs:
        name = raw_name.lower()
        if name == "cookie":
            cookies += [part.strip() for part in value.split(";") if part.strip()]
        else:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined, cookies


def _join_query(query: str) -> Mapping[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _encode_body(body: bytes, content_type: str) -> tuple[str, bool]:
    mime = content_type.split(";", maxsplit=1)[0].strip().lower()
    if mime.startswith(_TEXT) or mime.endswith(("+json", "+xml")) or not mime:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True
