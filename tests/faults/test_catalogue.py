"""Every row has its proof, and the document tells the same; it is written by whole runs only."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.catalogue import LOWERED, NOT_HERE, ROWS
from tests.faults.report import DOCUMENT, IN_FULL, MARKS, ROOT, UNPROVED, full_tests, proofs, rendered
from tests.support import fault_report
from tests.support.fault_report import FaultReport, outcome_of, unseen

FOUND = proofs()


def table(document: str) -> dict[str, tuple[str, str, str]]:
    """Row → what comes of it, tests, results."""
    lines = re.findall(r"^\| ([A-K]\d+) \| (.*?) \| ([^|]*) \| ([^|]*) \|$", document, re.MULTILINE)
    return {row: (told, tests, results) for row, told, tests, results in lines}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_proved_or_says_why_not(row: str) -> None:
    assert (row in FOUND) != (row in NOT_HERE)


def test_no_test_proves_what_is_no_row() -> None:
    assert set(FOUND) <= set(ROWS)
    assert set(NOT_HERE) <= set(ROWS)
    assert set(LOWERED) <= set(ROWS)


def test_the_document_names_the_same_tests() -> None:
    told = {row: re.findall(r"`([^`]+\.py[^`]*)`", tests) for row, (_, tests, _) in table(DOCUMENT.read_text()).items()}
    assert told == {row: [test.removeprefix("tests/") for test in FOUND.get(row, [])] for row in ROWS}, "make faults"


def test_the_document_says_where_less_is_shown_than_was_asked_for() -> None:
    told = {row: told for row, (told, _, _) in table(DOCUMENT.read_text()).items()}
    assert {row for row in told if "Differs from what was asked, because" in told[row]} == set(LOWERED)
    assert all(told[row].startswith(ROWS[row]) for row in ROWS)


def test_the_document_tells_of_no_failure_and_of_a_proof_for_each_row() -> None:
    document = DOCUMENT.read_text()
    assert not re.findall(r"\d+ failed", document)
    assert [row for row, (_, _, results) in table(document).items() if "passed" not in results] == list(NOT_HERE)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({}, ""),
        ({"a.py::test_it_too": "passed"}, ""),
        ({"a.py::test_it": "passed"}, "1 passed"),
        ({"a.py::test_it[1]": "passed", "a.py::test_it[2]": "skipped"}, "1 passed, 1 skipped"),
        ({"a.py::test_it[1]": "passed", "a.py::test_it[2]": "passed"}, "2 passed"),
        ({"a.py::test_it::test_in_class": "failed"}, "1 failed"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_told_of_no_test_but_those_of_the_full_run(seen: dict[str, str], told: str) -> None:
    assert outcome_of("a.py::test_it", seen, set()) == told
    assert outcome_of("a.py::test_it", seen, {"a.py::test_it"}) == (told or IN_FULL)


def test_the_tests_of_the_full_run_are_found_by_their_marks() -> None:
    full = full_tests()
    assert "tests/model/test_machine.py::test_a_million_steps_break_no_promise" in full
    assert "tests/model/test_machine.py::test_ten_thousand_steps_break_no_promise" not in full
    assert any(test.startswith("tests/infra/test_deploy.py::") for test in full)
    assert len(full) < 40


@pytest.mark.parametrize("outcome", ["3 skipped", IN_FULL])
def test_a_row_of_which_nothing_passed_does_not_count_as_proved(outcome: str) -> None:
    known = {test: "1 passed" for tests in FOUND.values() for test in tests}
    unproved = table(rendered(FOUND, known | dict.fromkeys(FOUND["E7"], outcome)))
    assert [row for row, (_, _, results) in unproved.items() if UNPROVED in results] == ["E7"]
    assert "passed" not in unproved["E7"][2]


def run(**changes: Any) -> Any:
    """A session as pytest ends it."""
    option = SimpleNamespace(keyword="", deselect=None, markexpr=MARKS)
    source = pytest.Config.ArgsSource.TESTPATHS
    session = SimpleNamespace(config=SimpleNamespace(option=option, args_source=source), exitstatus=0, shouldfail=False)
    for name, value in changes.items():
        setattr(option if hasattr(option, name) else session.config if name == "args_source" else session, name, value)
    return session


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_report, "proofs", lambda: {"E7": ["a.py::test_it"]})


def ended(tmp_path: Path, session: Any, *seen: str) -> Path:
    """The document after the end of a run."""
    plugin = FaultReport(tmp_path / "faults.md")
    for node in seen:
        plugin.pytest_runtest_logreport(pytest.TestReport(node, (node, 0, ""), {}, "passed", None, "call"))
    plugin.pytest_sessionfinish(session)
    return tmp_path / "faults.md"


@pytest.mark.usefixtures("known")
def test_a_whole_run_is_written(tmp_path: Path) -> None:
    session = run()
    assert "| E7 |" in ended(tmp_path, session, "a.py::test_it").read_text()
    assert session.exitstatus == 0
    assert f'-m "{MARKS}" --faults' in (ROOT / "Makefile").read_text()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "changes",
    [
        {"keyword": "it"}, {"deselect": ["b.py"]}, {"markexpr": "not full"}, {"exitstatus": 2}, {"shouldfail": "-x"},
        {"args_source": pytest.Config.ArgsSource.ARGS},
    ],
)  # fmt: skip
def test_a_run_that_was_cut_or_filtered_is_not_written_and_fails(tmp_path: Path, changes: dict[str, Any]) -> None:
    session = run(**changes)
    assert not ended(tmp_path, session, "a.py::test_it").exists()
    assert session.exitstatus != 0


@pytest.mark.usefixtures("known")
def test_a_run_that_lacks_a_test_is_not_written_and_fails(tmp_path: Path) -> None:
    session = run()
    assert not ended(tmp_path, session, "a.py::test_another").exists()
    assert session.exitstatus != 0
    assert unseen({"a": "1 passed", "b": "", "c": ""}) == "not seen: b, c"


def test_a_real_run_of_a_few_tests_says_why_it_is_not_written(tmp_path: Path) -> None:
    document = tmp_path / "faults.md"
    argv = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}", "-m", MARKS,
        "--faults", f"--faults-to={document}", "tests/faults/test_dependencies.py",
    ]  # fmt: skip
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{document} was not written: some tests were named" in done.stdout
    assert not document.exists()
