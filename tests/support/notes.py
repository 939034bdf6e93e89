"""What a test has to tell though it passed: `record_property("remark", …)` is shown at the end, of all processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


class TestNotes:
    """A plugin of pytest's."""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        reports = [report for kind in terminalreporter.stats.values() for report in kind]
        for line in sorted(_told(reports)):
            terminalreporter.write_line(line)


def _told(reports: list[object]) -> Iterator[str]:
    for report in reports:
        # The reports of setup and teardown repeat it.
        if isinstance(report, pytest.TestReport) and report.when == "call":
            told = "; ".join(str(value) for name, value in report.user_properties if name == "remark")
            if told:
                yield f"{report.nodeid}: {told}"
