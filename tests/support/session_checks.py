"""Checks of the whole session: a violation fails the test that caused it, or the run if it happened between tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pytest

BETWEEN = "between tests"


class SessionChecks(ABC):
    """Base of the plugins. With xdist each worker checks its own tests and reports the rest to the main process."""

    what: ClassVar[str]
    """Name of the violation in reports."""

    def __init__(self) -> None:
        self._violations: list[str] = []
        self.during = BETWEEN
        """The current test, from before its setup until after its teardown."""

    @abstractmethod
    def new_violations(self) -> list[str]:
        """Return the violations since the last call."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.during = item.nodeid

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Any:
        try:
            return (yield)
        finally:
            # After the teardown, which may violate the rules, too.
            violations = self.new_violations()
            self.during = BETWEEN
            if violations:
                pytest.fail(f"{self.what}: {'; '.join(violations)}", pytrace=False)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # A worker that crashed has reported nothing.
        self._violations += getattr(node, "workeroutput", {}).get(self.what, [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._violations += self.new_violations()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[self.what] = self._violations
        elif self._violations:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._violations:
            terminalreporter.write_line(f"{self.what}: {line}", red=True)
