"""docs/faults.md names a test for every row, and the tests name only rows that exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.scripts import script


@pytest.fixture(scope="module")
def table() -> Iterator[Any]:
    with script("fault_table") as module:
        yield module


def test_every_fault_has_a_test_that_make_test_runs(table: Any) -> None:
    tests = table.find_tests()
    rows = table.rows(table.DOCUMENT.read_text())
    assert {row for row in rows if all(name.endswith(table.FULL) for name in tests.get(row, []))} == set()
    assert tests.keys() - rows == set()


def test_document_names_the_marked_tests(table: Any) -> None:
    text = table.DOCUMENT.read_text()
    assert table.fill(text, table.find_tests()) == text, "run `make faults`"


def test_marks_of_classes_and_modules_reach_their_tests(table: Any) -> None:
    module = """
pytestmark = [pytest.mark.full, pytest.mark.fault("A1")]

@pytest.mark.fault("B2", "C3")
class TestStore:
    def test_write(self): ...
    def write(self): ...
"""
    assert list(table.find_marked(module, "test_a.py")) == [
        (row, "`test_a.py::TestStore::test_write` (full)") for row in ("A1", "B2", "C3")
    ]


def test_missing_tests_leave_an_empty_column(table: Any) -> None:
    document = "| A1 | fault | expected | `test_gone` |\n"
    assert table.fill(document, {}) == "| A1 | fault | expected |  |\n"
    assert table.fill(document, {"A1": ["`test_new`"]}) == "| A1 | fault | expected | `test_new` |\n"
