"""An address that nothing may ever contact: who does fails its test, and the session."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest


@dataclass
class Canary:
    """`calls`: where each connection came from, and the test that was running."""

    port: int = 0
    calls: list[tuple[int, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/canary"

    def hits(self) -> list[str]:
        """The tests at fault so far. Connections are taken in turn: once ours was, so were all before it."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as own:
            ours = own.getsockname()[1]
            own.recv(1)
        self.calls = [call for call in self.calls if call[0] != ours]
        return [test for _, test in self.calls]


class Aviary:
    """A plugin of pytest's: one canary for the whole session, given to whoever asks for `canary`."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._canary = Canary(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, (_, port) = self._listening.accept()
            except OSError:
                return
            self._canary.calls.append((port, os.environ.get("PYTEST_CURRENT_TEST", "between tests")))
            connection.close()

    @pytest.fixture
    def canary(self) -> Iterator[Canary]:
        before = len(self._canary.hits())
        yield self._canary
        assert self._canary.hits()[before:] == [], "the canary was contacted"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for test in self._canary.hits():
            terminalreporter.write_line(f"the canary was contacted: {test}", red=True)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._canary.hits():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
