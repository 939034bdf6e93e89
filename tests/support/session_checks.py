"""What no test may do, and may do all the same when none is running: it fails the test, or else the whole run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pytest

BETWEEN = "between tests"


class SessionChecks(ABC):
    """Base of plugins that watch. With xdist each process watches its own tests and tells the first what is left."""

    what: ClassVar[str]
    """What is complained of, in a few words."""

    def __init__(self) -> None:
        self._left: list[str] = []
        self.during = BETWEEN
        """The test that runs, from before its setup until after its teardown."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """What was seen since the last call."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.during = item.nodeid

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Any:
        try:
            return (yield)
        finally:
            # After the teardown: what ends with a test has been looked at by then.
            seen = self.complaints()
            self.during = BETWEEN
            if seen:
                pytest.fail(f"{self.what}: {'; '.join(seen)}", pytrace=False)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # A process that crashed has told nothing.
        self._left += getattr(node, "workeroutput", {}).get(self.what, [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._left += self.complaints()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[self.what] = self._left
        elif self._left:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._left:
            terminalreporter.write_line(f"{self.what}: {line}", red=True)
