"""RunPod's adapter against real sockets that answer, stall, reset and talk nonsense."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lambda_api.adapters import runpod
from lambda_api.adapters.runpod import RunpodProvider
from lambda_api.domain.ports import (
    ProviderError,
    ProviderJobMissing,
    ProviderRefused,
    ProviderRejected,
    ProviderUnknown,
)

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Script:
    """What the server does with the next request, and what it has seen."""

    reply: Reply = lambda handler: None
    keep_open: bool = False
    seen: list[tuple[str, str, str | None, Any]] = field(default_factory=list)


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


@pytest.fixture
def script() -> Iterator[tuple[Script, RunpodProvider]]:
    plan = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            plan.seen.append((self.command, self.path, self.headers["Authorization"], body))
            plan.reply(self)
            self.close_connection = not plan.keep_open

        do_GET = do_POST = serve

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield plan, RunpodProvider(f"{base}/v2", f"{base}/management", "planted-key")
    server.shutdown()
    thread.join()
    server.server_close()


def test_run_sends_the_payload_once_with_the_key(script: tuple[Script, RunpodProvider]) -> None:
    plan, provider = script
    plan.reply = answer(200, {"id": "abc-u1", "status": "IN_QUEUE"})
    assert provider.run("ep", {"input": {"a": 1}}) == "abc-u1"
    assert plan.seen == [("POST", "/v2/ep/run", "Bearer planted-key", {"input": {"a": 1}})]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_refusal_is_certain_and_carries_retry_after(script: tuple[Script, RunpodProvider], status: int) -> None:
    plan, provider = script
    plan.reply = answer(status, {}, {"Retry-After": "7"})
    with pytest.raises(ProviderRefused) as refused:
        provider.run("ep", {})
    assert refused.value.retry_after_ms == 7000
    assert len(plan.seen) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_rejection_is_final(script: tuple[Script, RunpodProvider], status: int) -> None:
    plan, provider = script
    plan.reply = answer(status, {"error": "json is invalid"})
    with pytest.raises(ProviderRejected):
        provider.run("ep", {})


@pytest.mark.parametrize(
    "reply",
    [
        answer(500, {}), answer(502, b"<html>"), answer(504, {}), answer(200, b"<html>"), answer(200, b""),
        answer(200, []), answer(200, {}), answer(200, {"id": 7}), answer(302, {}),
        answer(200, {"id": "a", "pad": "x" * 2_000_000}), reset,
    ],
)  # fmt: skip
def test_anything_else_may_have_been_taken(script: tuple[Script, RunpodProvider], reply: Reply) -> None:
    plan, provider = script
    plan.reply = reply
    with pytest.raises(ProviderUnknown):
        provider.run("ep", {})
    assert len(plan.seen) == 1


@pytest.mark.parametrize("reply", [drip, lambda _: time.sleep(1.5)])
def test_a_slow_answer_is_cut_off_as_a_whole(
    script: tuple[Script, RunpodProvider], reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, provider = script
    monkeypatch.setattr(runpod, "_READ", 0.3)
    monkeypatch.setattr(runpod, "_CONNECT", 0.2)
    plan.reply = reply
    began = time.monotonic()
    with pytest.raises(ProviderUnknown):
        provider.run("ep", {})
    assert time.monotonic() - began < 1.4


def test_no_connection_is_a_certain_refusal() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ProviderRefused):
        RunpodProvider(f"http://127.0.0.1:{port}", "http://127.0.0.1:1", "k").run("ep", {})


def test_a_connection_that_was_idle_for_long_is_not_trusted(
    script: tuple[Script, RunpodProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, provider = script
    ports: list[int] = []

    def stay_open(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"{}")

    plan.reply, plan.keep_open = stay_open, True
    provider.cancel("ep", "a")
    provider.cancel("ep", "a")
    assert ports[0] == ports[1]
    monkeypatch.setattr(runpod, "_IDLE_SECONDS", 0.0)
    provider.cancel("ep", "a")
    assert ports[2] != ports[0]


def test_proxies_of_the_environment_are_not_used(
    script: tuple[Script, RunpodProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, provider = script
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    plan.reply = answer(200, {"id": "x"})
    assert provider.run("ep", {}) == "x"


def test_status_keeps_the_error_text_apart(script: tuple[Script, RunpodProvider]) -> None:
    plan, provider = script
    plan.reply = answer(200, {"id": "a", "status": "FAILED", "error": "{}", "output": {"x": 1}})
    told = provider.status("ep", "a/../b")
    assert (told.status, told.error) == ("FAILED", "{}")
    assert plan.seen[0][:2] == ("GET", "/v2/ep/status/a%2F..%2Fb")


def test_a_job_that_is_not_known(script: tuple[Script, RunpodProvider]) -> None:
    plan, provider = script
    plan.reply = answer(404, {})
    for ask in (provider.status, provider.cancel):
        with pytest.raises(ProviderJobMissing):
            ask("ep", "a")


@pytest.mark.parametrize("reply", [answer(503, {}), answer(200, {}), answer(200, b"?"), reset])
def test_a_status_that_is_not_told(script: tuple[Script, RunpodProvider], reply: Reply) -> None:
    plan, provider = script
    plan.reply = reply
    with pytest.raises(ProviderError):
        provider.status("ep", "a")


def test_health_has_counts_and_nothing_else(script: tuple[Script, RunpodProvider]) -> None:
    plan, provider = script
    plan.reply = answer(200, {"jobs": {"inQueue": 3, "x": "y"}, "workers": None, "extra": 1})
    assert provider.health("ep") == {"jobs": {"inQueue": 3}, "workers": {}}


def test_config_never_shows_the_environment(script: tuple[Script, RunpodProvider]) -> None:
    plan, provider = script
    plan.reply = answer(200, {"id": "ep", "env": {"SECRET": "x"}, "registry": "r", "workers": {"max": 3}})
    assert provider.config("ep") == {"id": "ep", "workers": {"max": 3}}
    assert plan.seen[0][1] == "/management/v2/serverless/ep"
