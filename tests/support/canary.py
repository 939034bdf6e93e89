"""An address that nothing may ever contact: who does fails its test, and the session."""

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
    """`hits`: the tests during which somebody came, so far."""

    port: int
    hits: Callable[[], list[str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/canary"


class CanaryPlugin(SessionChecks):
    """A plugin of pytest's: one canary for the whole session, given to whoever asks for `canary`."""

    what = "the canary was contacted"

    def __init__(self) -> None:
        super().__init__()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self._hits: list[str] = []
        self._told = 0
        self._turn = threading.Lock()
        self._canary = Canary(self._listening.getsockname()[1], self.hits)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def hits(self) -> list[str]:
        """The tests at fault so far. Who has connected is seen, though the thread may not have come to it yet."""
        with self._turn:
            while True:
                try:
                    connection, _ = self._listening.accept()
                except BlockingIOError:
                    return list(self._hits)
                self._hits.append(self.during)
                connection.close()

    def complaints(self) -> list[str]:
        hits = self.hits()
        told, self._told = self._told, len(hits)
        return hits[told:]

    def _serve(self) -> None:
        try:
            while True:
                select.select([self._listening], [], [])
                self.hits()
        except OSError:
            return

    @pytest.fixture
    def canary(self) -> Canary:
        return self._canary

    def pytest_unconfigure(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
