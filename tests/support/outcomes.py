"""What came of the tests of the fault catalogue, written to docs/faults.md."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.report import DOCUMENT, proofs, rendered


class Outcomes:
    """A plugin of pytest's, for a run of all marked tests."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self._seen[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        found = proofs()
        outcomes = {test: self._of(test) for tests in found.values() for test in tests}
        DOCUMENT.write_text(rendered(found, outcomes), encoding="utf-8")

    def _of(self, test: str) -> str:
        nodes = (node for node in self._seen if node == test or node.startswith((f"{test}[", f"{test}::")))
        counted = Counter(self._seen[node] for node in nodes)
        return ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items())) or "in `make test-full`"
