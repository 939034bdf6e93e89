"""urllib3 pools whose timeouts bound a whole exchange; urllib3's own bound each packet."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import SplitResult

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from lambda_api.adapters import deadline

_MAX_CONNECTIONS = 16
"""Per host: the sweeper has 16 threads."""


class ConnectError(Exception):
    """No connection was made, so the other side received nothing."""


def open_pool(parts: SplitResult, address: str, tls: ssl.SSLContext | None) -> urllib3.HTTPConnectionPool:
    """Return a pool of connections to this address for a URL's host. `tls`: by default the system's authorities."""
    host, port = parts.hostname or "", parts.port
    if parts.scheme != "https":
        return _Pool(address, port, maxsize=_MAX_CONNECTIONS)
    # The certificate must be the host's, wherever its address came from.
    return _TlsPool(
        address,
        port,
        maxsize=_MAX_CONNECTIONS,
        ssl_context=tls or _default_tls(),
        server_hostname=host,
        assert_hostname=host,
    )


class _Bounded(HTTPConnection):
    """`timeout` bounds connecting and handshake together, and the whole response: urllib3's bounds each packet."""

    def _new_conn(self) -> socket.socket:
        until = time.monotonic() + (self.timeout or 0.0)
        sock = super()._new_conn()
        # The handshake gets the remaining time.
        sock.settimeout(max(0.001, until - time.monotonic()))
        return sock

    def connect(self) -> None:
        try:
            super().connect()
        except (HTTPError, OSError, ValueError) as error:
            self.close()
            raise ConnectError(_cause(error)) from None

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override] # as in urllib3 itself
        until = time.monotonic() + min(self.timeout or 0.0, deadline.left())

        def response_class(sock: socket.socket, **options: Any) -> http.client.HTTPResponse:
            reader = io.BufferedReader(_Reader(sock, until))
            source: Any = SimpleNamespace(makefile=lambda _: reader)
            return http.client.HTTPResponse(source, **options)

        self.response_class = response_class  # type: ignore[assignment] # http.client only calls it
        return super().getresponse()


class _BoundedTls(_Bounded, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Bounded


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _BoundedTls


class _Reader(io.RawIOBase):
    """A socket's bytes `until` then (monotonic, seconds)."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        # Its own handle: http.client closes the connection's before it has read the last response.
        self._raw = sock.makefile("rb", buffering=0)
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _cause(error: Exception) -> str:
    """Return the name of the first error's type: urllib3 wraps the system's."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return type(error).__name__


@cache
def _default_tls() -> ssl.SSLContext:
    """One for all, created for the first connection: it reads the certificate authorities, which takes 20 ms."""
    return ssl.create_default_context()
