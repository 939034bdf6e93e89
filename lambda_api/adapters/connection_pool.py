"""Connections that are kept open between requests, on the standard library: urllib3 costs a tenth of a cold start."""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import time
import weakref
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from lambda_api.adapters.dns import resolve

_MAX_IDLE = 16
"""Connections kept for one host: as many as one function has threads."""


class Connection(http.client.HTTPConnection):
    """One connection. `deadline` (monotonic, seconds) bounds the whole answer, its headers too, not each packet."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self._address = address
        self._tls = tls
        # The port that goes without saying in `Host`, which a signature may cover.
        self.default_port = 80 if tls is None else 443
        self.deadline = 0.0
        self.used_at = 0.0
        # Called by getresponse(): what reads the answer from the socket.
        self.response_class = self._response  # type: ignore[assignment]

    def connect(self) -> None:
        """Find the host, connect and shake hands, all within `timeout`. Raises OSError."""
        until = time.monotonic() + (self.timeout or 0.0)
        self.sock = _connected(resolve(self._address, self.port, _left(until)), self.port, until)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            self.sock.settimeout(_left(until))
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def hung_up(self) -> bool:
        """True if the peer closed it, or sent what nobody asked for."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def _response(self, sock: socket.socket, **options: Any) -> http.client.HTTPResponse:
        reader = io.BufferedReader(_Bounded(sock, self))
        source: Any = SimpleNamespace(makefile=lambda _: reader)
        return http.client.HTTPResponse(source, **options)


class _Bounded(io.RawIOBase):
    """A socket's bytes until the connection's deadline."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock = sock
        # Its own handle: http.client closes the connection's before it has read the last answer.
        self._raw = sock.makefile("rb", buffering=0)
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._connection.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class Pool:
    """Connections to one host. `address`: where to find it, if its name is not to be asked again.

    Those that were idle for longer than `idle_seconds` are not used: a frozen function does not notice that its peer
    hung up. The wall clock counts the time it was frozen, or stored as a snapshot; the monotonic one need not.
    """

    def __init__(self, url: str, idle_seconds: float, address: str | None = None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = _tls() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._address = address or self._host
        self._idle_seconds = idle_seconds
        self._idle: list[Connection] = []
        weakref.finalize(self, _close, self._idle)

    def take(self) -> Connection:
        """The one used last if it is to be trusted, else a new one that is not connected yet."""
        while connection := self._last():
            if abs(time.time() - connection.used_at) <= self._idle_seconds and not connection.hung_up():
                return connection
            connection.close()
        return Connection(self._host, self._port, self._address, self._tls)

    def _last(self) -> Connection | None:
        # Another thread may take the last one between a look and a pop.
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def keep(self, connection: Connection) -> None:
        connection.used_at = time.time()
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.close()


class Connections:
    """A pool for each host."""

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._pools: dict[str, Pool] = {}

    def pool(self, url: str) -> Pool:
        """That of this URL's host."""
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._pools:
            self._pools[origin] = Pool(origin, self._idle_seconds)
        return self._pools[origin]


def _connected(addresses: list[str], port: int, until: float) -> socket.socket:
    """The first of the addresses that lets us connect. An address that says nothing has all of the time."""
    while True:
        try:
            return socket.create_connection((addresses.pop(0), port), _left(until))
        except OSError:
            if not addresses:
                raise


def _left(until: float) -> float:
    """Seconds; 0 would make a socket not wait at all."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _close(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()


@cache
def _tls() -> ssl.SSLContext:
    """One for all, made for the first of them: reading the authorities takes longer than a handshake, 20 ms.

    In AWS that is the secrets' connection, while a function starts, when it has a whole processor.
    """
    return ssl.create_default_context()
