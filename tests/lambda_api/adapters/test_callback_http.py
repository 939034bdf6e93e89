"""Callbacks over real sockets, verified with the stock Standard Webhooks library."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lambda_api.adapters import dns
from lambda_api.adapters.callback_http import BOUNDS, HttpCallbackSender
from lambda_api.domain.access.credentials import ApiCredentials
from tests.support.scripted_server import closed_url, peer, reset

NEW = "whsec_" + base64.b64encode(b"new-secret-of-32-bytes-or-so-okay").decode()
OLD = "whsec_" + base64.b64encode(b"old-secret-of-32-bytes-or-so-okay").decode()
OTHER = "whsec_" + base64.b64encode(b"another-owners-secret-of-32-bytes").decode()
BODY = '{"job_id":"job-1","café":"ü"}'


@dataclass
class Sink:
    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/n8n/hook?token=abc"


@pytest.fixture
def sink() -> Iterator[Sink]:
    plan = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plan.seen.append((self.path, dict(self.headers), body))
            self.send_response(plan.status)
            for name, value in plan.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(plan.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    plan.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield plan
    server.shutdown()
    thread.join()
    server.server_close()


def sender(*, allow_loopback: bool = True, connect: float = BOUNDS.connect) -> HttpCallbackSender:
    callers = ApiCredentials(callback_secrets={"ada": (NEW, OLD), "bob": (OTHER,)})
    return HttpCallbackSender(lambda: callers, allow_loopback=allow_loopback, bounds=replace(BOUNDS, connect=connect))


def now() -> int:
    return int(time.time() * 1000)


@pytest.mark.fault("J7")
def test_stock_library_verifies_with_either_secret(sink: Sink) -> None:
    assert sender().send("ada", sink.url, "msg_1", now(), BODY).ok
    ((path, headers, body),) = sink.seen
    assert path == "/n8n/hook?token=abc"
    assert body == BODY.encode()
    assert headers["Host"] == f"127.0.0.1:{sink.port}"
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(body, _lower(headers))["job_id"] == "job-1"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, _lower(headers))


@pytest.mark.fault("J7")
@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body"])
def test_tampering_fails_verification(sink: Sink, part: str) -> None:
    sender().send("ada", sink.url, "msg_1", now(), BODY)
    ((_, headers, body),) = sink.seen
    tampered = _lower(headers)
    if part == "body":
        body = body.replace(b"job-1", b"job-2")
    elif part == "webhook-id":
        tampered[part] = "msg_2"
    else:
        tampered[part] = str(int(tampered[part]) - 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body, tampered)


@pytest.mark.fault("J1", "J2", "J4")
@pytest.mark.parametrize(
    ("status", "ok", "final"), [(204, True, False), (302, False, False), (409, False, False), (410, False, True)]
)
def test_callback_status_decides_the_outcome(sink: Sink, status: int, ok: bool, final: bool) -> None:
    sink.status, sink.headers = status, {"Location": "http://127.0.0.1:1/", "Retry-After": "9"}
    delivery = sender().send("ada", sink.url, "msg_1", now(), BODY)
    assert (delivery.ok, delivery.final, delivery.result) == (ok, final, f"http_{status}")
    assert delivery.retry_after_ms == 9000
    assert len(sink.seen) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"code":401,"message":"Invalid token"}', '{"code":401,"message":"Invalid token"}'),
        (b"a\x00b\x1b[31m\r\n\tc\xff \xe2\x80\xaed", "ab[31m c\ufffd d"),
        ("ü".encode() * 3000, "ü" * 500),
        (b"", ""),
    ],
)
def test_start_of_the_response_is_kept_as_plain_text(sink: Sink, body: bytes, expected: str) -> None:
    sink.status, sink.body = 401, body
    delivery = sender().send("ada", sink.url, "msg_1", now(), BODY)
    assert (delivery.result, delivery.response) == ("http_401", expected)
    assert 0 <= delivery.duration_ms < 5000


def test_headers_that_were_sent_are_returned(sink: Sink) -> None:
    delivery = sender().send("ada", sink.url, "msg_1", now(), BODY)
    sent = _lower(sink.seen[0][1])
    assert set(delivery.headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert {name: sent[name] for name in delivery.headers} == dict(delivery.headers)


def test_held_message_is_signed_as_a_sent_one() -> None:
    held = sender().hold("ada", "msg_1", now(), BODY)
    assert (held.ok, held.result) == (True, "held")
    assert Webhook(NEW).verify(BODY, dict(held.headers))["job_id"] == "job-1"
    assert sender().hold("carol", "msg_1", now(), BODY).result == "no_secret"


def test_receiver_that_is_down_is_unreachable() -> None:
    assert sender().send("ada", closed_url(), "msg_1", now(), BODY).result == "unreachable"


@pytest.mark.fault("F2", "F9")
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "https://10.0.0.1/", "http://hooks.example/"]
)
def test_non_public_addresses_are_never_contacted(sink: Sink, url: str) -> None:
    delivery = sender(allow_loopback=False).send("ada", url.format(port=sink.port), "msg_1", now(), BODY)
    assert (delivery.ok, delivery.final, delivery.result) == (False, True, "forbidden_address")
    assert sink.seen == []


@pytest.mark.fault("F5")
def test_host_with_one_private_address_is_refused(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))
        private = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))
        return [public, private]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert sender().send("ada", "https://hooks.example/", "msg_1", now(), BODY).result == "forbidden_address"


@pytest.mark.parametrize("dead", [["127.0.0.2"], ["127.0.0.2", "127.0.0.3"]])
def test_next_address_is_tried_after_a_failed_connect(
    sink: Sink, monkeypatch: pytest.MonkeyPatch, dead: list[str]
) -> None:
    monkeypatch.setattr(dns, "resolve", lambda *_: [*dead, "127.0.0.1"])
    assert sender().send("ada", sink.url, "msg_1", now(), BODY).ok
    assert len(sink.seen) == 1


def test_unresponsive_addresses_share_one_connect_timeout(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[str, float]] = []

    def silent(self: socket.socket, address: tuple[str, int]) -> None:
        tried.append((address[0], self.gettimeout() or 0.0))
        if address[0] == "127.0.0.1":
            connect(self, address)
        else:
            time.sleep(self.gettimeout() or 0.0)
            raise TimeoutError

    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", silent)
    monkeypatch.setattr(dns, "resolve", lambda *_: ["127.0.0.2", "127.0.0.3", "127.0.0.1"])
    impatient = sender(connect=0.3)
    assert impatient.send("ada", sink.url, "msg_1", now(), BODY).ok
    monkeypatch.setattr(dns, "resolve", lambda *_: [f"127.0.0.{n}" for n in range(2, 99)])
    began = time.monotonic()
    assert impatient.send("ada", sink.url, "msg_1", now(), BODY).result == "unreachable"
    assert time.monotonic() - began < 0.6
    assert [address[-1] for address, _ in tried] == ["2", "3", "1", "2", "3", "4"]
    assert max(seconds for _, seconds in tried[:2] + tried[3:]) <= 0.16
    assert len(sink.seen) == 1


def test_request_received_by_one_address_is_not_sent_to_the_next(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    with peer() as deaf:
        deaf.replies = [reset]
        monkeypatch.setattr(dns, "resolve", lambda *_: ["127.0.0.1", "127.0.0.2"])
        assert sender().send("ada", deaf.url, "msg_1", now(), BODY).result == "no_answer"
    assert len(deaf.seen) == 1


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
