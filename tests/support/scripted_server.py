"""A server on a real socket that responds, stalls, resets or sends nonsense, as scripted."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler], None]
SLOW_SECONDS = 60.0
"""Duration of a slow reply, unless its server stops first: a caller that returns sooner did not wait for it."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    port: int
    """The client's port, which identifies the connection."""

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Peer:
    """`replies` are sent in turn; the last one repeats."""

    url: str = ""
    port: int = 0
    replies: list[Reply] = field(default_factory=list)
    keep_open: bool = False
    seen: list[Request] = field(default_factory=list)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.seen.append(Request(handler.command, handler.path, headers, body, handler.client_address[1]))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        handler.close_connection = not self.keep_open
        reply(handler)


@contextmanager
def peer(address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Serve on an address of 127.0.0.0/8, with TLS if a certificate is given."""
    plan = Peer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            plan.serve(self)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        stopped = threading.Event()

        def server_bind(self) -> None:
            # HTTPServer's own method looks up the name of its address in DNS.
            TCPServer.server_bind(self)
            self.server_port = self.server_address[1]

    server = Server((address, port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    plan.port = server.server_port
    plan.url = f"{'https' if tls else 'http'}://{address}:{plan.port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield plan
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


def answer(status: int, body: object = b"", headers: dict[str, str] | None = None) -> Reply:
    """Reply with this status; a body other than bytes is sent as JSON."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()
        if handler.command != "HEAD":
            with suppress(ConnectionError):
                handler.wfile.write(data)

    return reply


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Send a good response, then close the connection without `Connection: close`."""
    answer(200, {})(handler)
    handler.close_connection = True


def reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def slowly(head: bytes, piece: bytes, pause: float = 0.05) -> Reply:
    """Send the head, then pieces with a pause in seconds after each."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        ends = time.monotonic() + SLOW_SECONDS
        with suppress(OSError):
            handler.wfile.write(head)
            while time.monotonic() < ends and not handler.server.stopped.wait(pause):  # type: ignore[attr-defined]
                handler.wfile.write(piece)

    return reply


stall = slowly(b"", b"", SLOW_SECONDS)
drip = slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ")


@contextmanager
def assert_faster_than(seconds: float) -> Iterator[None]:
    """Fail if the block takes this long: it waited for a slow reply."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def closed_url() -> str:
    """Return a URL at which no server listens."""
    return f"http://127.0.0.1:{_bound_socket().getsockname()[1]}"


@cache
def _bound_socket() -> socket.socket:
    """Keep the port bound, so that no other process can listen there."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held
