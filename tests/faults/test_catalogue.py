"""Every row has its proof, and the document tells the same."""

from __future__ import annotations

import re

import pytest

from tests.faults.catalogue import NOT_HERE, ROWS
from tests.faults.report import DOCUMENT, proofs

FOUND = proofs()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_proved_or_says_why_not(row: str) -> None:
    assert (row in FOUND) != (row in NOT_HERE)


def test_no_test_proves_what_is_no_row() -> None:
    assert set(FOUND) <= set(ROWS)
    assert set(NOT_HERE) <= set(ROWS)


def test_the_document_names_the_same_tests() -> None:
    told = {
        row: re.findall(r"`([^`]+\.py[^`]*)`", tests)
        for row, tests in re.findall(r"^\| ([A-K]\d+) \|.*?\| ([^|]*) \| [^|]* \|$", DOCUMENT.read_text(), re.MULTILINE)
    }
    assert told == {row: [test.removeprefix("tests/") for test in FOUND.get(row, [])] for row in ROWS}, "make faults"


def test_the_document_tells_of_no_failure() -> None:
    assert re.findall(r"\d+ passed", DOCUMENT.read_text())
    assert not re.findall(r"\d+ failed", DOCUMENT.read_text())
