"""HTTP servers on loopback, all in one event loop."""

from __future__ import annotations

import errno
import socket

from aiohttp import web

HOST = "127.0.0.1"


class PortInUseError(Exception):
    """The requested port cannot be used. The text says what to do."""


def bind(port: int = 0) -> socket.socket:
    """Bind a loopback socket; port 0 picks a free one. Its URL is known before the server starts."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
        sock.listen(128)
    except OSError as problem:
        sock.close()
        choose = "choose another: make up PORT=… (0 picks a free one)"
        if problem.errno == errno.EADDRINUSE:
            raise PortInUseError(f"port {port} is in use: stop what listens there, or {choose}") from None
        if problem.errno == errno.EACCES:
            raise PortInUseError(f"port {port} is for root only: {choose}") from None
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    return f"http://{HOST}:{sock.getsockname()[1]}"


class Server:
    """One aiohttp application on one bound socket."""

    def __init__(self, app: web.Application, sock: socket.socket) -> None:
        self.url = url_of(sock)
        self._sock = sock
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)

    async def start(self) -> None:
        await self._runner.setup()
        await web.SockSite(self._runner, self._sock).start()

    async def stop(self) -> None:
        """Close the listener and give open requests half a second. Safe to call twice."""
        await self._runner.cleanup()
        self._sock.close()
