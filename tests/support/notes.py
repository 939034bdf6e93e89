"""Notes of passed tests: the summary shows every `record_property("remark", …)`, of all processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


class TestNotes:
    """A pytest plugin."""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        reports = [report for kind in terminalreporter.stats.values() for report in kind]
        for line in sorted(_find_notes(reports)):
            terminalreporter.write_line(line)


def _find_notes(reports: list[object]) -> Iterator[str]:
    for report in reports:
        # The reports of setup and teardown repeat the property.
        if isinstance(report, pytest.TestReport) and report.when == "call":
            note = "; ".join(str(value) for name, value in report.user_properties if name == "remark")
            if note:
                yield f"{report.nodeid}: {note}"
