"""HTTP requests as API Gateway events, and responses."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from local.apigateway.events import HttpRequest, to_event, to_response

GOLDEN_EVENT = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/video/é",
    "rawQueryString": "a=1&a=2&b=",
    "cookies": ["c=1", "d=2"],
    "headers": {"host": "127.0.0.1:8000", "x-api-key": "k", "accept": "x,y", "content-type": "application/json"},
    "queryStringParameters": {"a": "1,2", "b": ""},
    "requestContext": {
        "accountId": "000000000000",
        "apiId": "local",
        "domainName": "127.0.0.1:8000",
        "domainPrefix": "local",
        "http": {
            "method": "POST", "path": "/video/é", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "",
        },
        "requestId": "r1",
        "routeKey": "$default",
        "stage": "$default",
        "time": "23/Nov/2026:18:30:00 +0000",
        "timeEpoch": 1795458600123,
    },
    "body": '{"é":1}',
    "isBase64Encoded": False,
}  # fmt: skip


def _request(body: bytes, content_type: str) -> HttpRequest:
    headers = [
        ("Host", "127.0.0.1:8000"), ("X-API-Key", "k"), ("Accept", "x"), ("Accept", "y"), ("Cookie", "c=1; d=2"),
        ("Content-Type", content_type),
    ]  # fmt: skip
    return HttpRequest("POST", "/video/%C3%A9", "a=1&a=2&b=", headers, body, "127.0.0.1")


def test_http_request_becomes_a_payload_format_2_event() -> None:
    event = to_event(_request('{"é":1}'.encode(), "application/json"), request_id="r1", now=1795458600.123)
    assert event == GOLDEN_EVENT


@pytest.mark.parametrize(("body", "mime"), [(b"\x89PNG", "image/png"), (b"\xff\xfe", "application/json")])
def test_binary_body_is_base64(body: bytes, mime: str) -> None:
    event = to_event(_request(body, mime), request_id="r1", now=0.0)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


def test_an_empty_request_has_no_body_query_or_cookies() -> None:
    event = to_event(HttpRequest("GET", "/", "", [], b"", "127.0.0.1"), request_id="r1", now=0.0)
    assert not {"body", "cookies", "queryStringParameters"} & set(event)


@pytest.mark.parametrize(
    ("answer", "status", "body", "kind"),
    [
        ({"statusCode": 202, "headers": {"Content-Type": "a/b"}, "body": "x"}, 202, b"x", "a/b"),
        ({"statusCode": 200, "body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True}, 200, b"\xff", None),
        ({"status": "fine"}, 200, b'{"status": "fine"}', "application/json"),
        ("hello", 200, b"hello", "application/json"),
        (None, 200, b"null", "application/json"),
        ({"statusCode": "no"}, 500, b'{"message": "Internal Server Error"}', "application/json"),
        ({"statusCode": 200, "body": "%%", "isBase64Encoded": True}, 500, None, "application/json"),
        ({"statusCode": 9}, 500, None, "application/json"),
    ],
)
def test_lambda_response_becomes_http(answer: Any, status: int, body: bytes | None, kind: str | None) -> None:
    response = to_response(answer)
    assert response.status == status
    assert body is None or response.body == body
    assert kind is None or dict(response.headers)["content-type"] == kind


def test_response_cookies_become_headers() -> None:
    response = to_response({"statusCode": 200, "cookies": ["a=1", "b=2"]})
    assert [value for name, value in response.headers if name == "set-cookie"] == ["a=1", "b=2"]
