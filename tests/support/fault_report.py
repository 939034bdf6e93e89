"""What came of the tests of the fault catalogue, written to docs/faults.md by a run of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.faults.report import IN_FULL, MARKS, full_tests, proofs, rendered


class FaultReport:
    """A plugin of pytest's. What a run saw that was cut or filtered is not written."""

    def __init__(self, document: Path) -> None:
        self._document = document
        self._seen: dict[str, str] = {}
        self._why_not: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self._seen[report.nodeid] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        found, full = proofs(), full_tests()
        tests = {test for tests in found.values() for test in tests}
        outcomes = {test: outcome_of(test, self._seen, full) for test in tests}
        self._why_not = _narrowed(session) or unseen(outcomes)
        if self._why_not is None:
            self._document.write_text(rendered(found, outcomes), encoding="utf-8")
        else:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._why_not is not None:
            terminalreporter.write_line(f"{self._document} was not written: {self._why_not}", red=True)


def _narrowed(session: pytest.Session) -> str | None:
    """Why this run is not one of all tests of the catalogue, as far as its options and its end say."""
    options = session.config.option
    if session.config.args_source is pytest.Config.ArgsSource.ARGS:
        return "some tests were named"
    if options.keyword or options.deselect or options.markexpr != MARKS:
        return "some tests were left out"
    if session.exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or session.shouldfail:
        return "the run was cut"
    return None


def outcome_of(test: str, seen: Mapping[str, str], full: Iterable[str]) -> str:
    """What came of a test, over all its parameters; empty if it should have been seen and was not."""
    nodes = (node for node in seen if node == test or node.startswith((f"{test}[", f"{test}::")))
    counted = Counter(seen[node] for node in nodes)
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items()))
    return told or (IN_FULL if test in full else "")


def unseen(outcomes: Mapping[str, str]) -> str | None:
    """Names the tests of which nothing was seen."""
    missing = sorted(test for test, outcome in outcomes.items() if not outcome)
    return f"not seen: {', '.join(missing)}" if missing else None
