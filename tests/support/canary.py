"""An address that nothing may contact; a connection fails its test, or the run."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.session_checks import SessionChecks


@dataclass(frozen=True)
class Canary:
    """`hits` returns the tests during which a connection arrived."""

    port: int
    hits: Callable[[], list[str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/canary"


class CanaryPlugin(SessionChecks):
    """A pytest plugin with one canary for the session, and the fixture `canary`."""

    what = "the canary was contacted"

    def __init__(self) -> None:
        super().__init__()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self._hits: list[str] = []
        self._reported = 0
        self._lock = threading.Lock()
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def hits(self) -> list[str]:
        """Return the tests at fault so far, with connections that the thread has not accepted yet."""
        with self._lock:
            while True:
                try:
                    connection, _ = self._listening.accept()
                except BlockingIOError:
                    return list(self._hits)
                self._hits.append(self.during)
                connection.close()

    def new_violations(self) -> list[str]:
        hits = self.hits()
        reported, self._reported = self._reported, len(hits)
        return hits[reported:]

    def _serve(self) -> None:
        try:
            while True:
                select.select([self._listening], [], [])
                self.hits()
        except OSError:
            return

    @pytest.fixture
    def canary(self) -> Canary:
        return Canary(self.port, self.hits)

    def pytest_unconfigure(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
