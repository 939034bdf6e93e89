"""What watches the whole session fails the test at fault, and the run if no test is: in one process and in several."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CONFTEST = """
import socket
import pytest
from tests.support.canary import CanaryPlugin
from tests.support.log_scan import LogScan, look
from tests.support.hypothesis_profiles import HypothesisProfiles

CANARY = CanaryPlugin()

def pytest_configure(config):
    for plugin in (CANARY, LogScan(), HypothesisProfiles()):
        config.pluginmanager.register(plugin)

def visit():
    socket.create_connection(("127.0.0.1", CANARY._canary.port)).close()

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    if not session.config.getoption("numprocesses", None):
        # The last that runs in a process that runs tests.
        {late}
"""
QUIET = "def test_quiet():\n    pass\n"


def session(folder: Path, tests: str, options: Sequence[str], late: str = "pass") -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.replace("{late}", late))
    (folder / "test_it.py").write_text(f"from conftest import visit\n{tests}")
    argv = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder / 'inner'}",
        f"--rootdir={folder}", *options, str(folder),
    ]  # fmt: skip
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_clean_session_passes(tmp_path: Path) -> None:
    done = session(tmp_path, QUIET, ["-n1"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("options", [["-n0"], ["-n2"]], ids=str)
def test_contacting_the_canary_fails_the_test(tmp_path: Path, options: list[str]) -> None:
    visits = "def test_visits():\n    visit()\ndef test_visits_too(canary):\n    visit()\n"
    done = session(tmp_path, QUIET + visits, options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 passed, 2 errors" in done.stdout
    for name in ("test_visits", "test_visits_too"):
        assert re.search(rf"the canary was contacted: \S*test_it.py::{name}\n", done.stdout)


@pytest.mark.parametrize("options", [["-n0"], ["-n2"]], ids=str)
@pytest.mark.parametrize(
    ("late", "what"),
    [("visit()", "the canary was contacted: between tests"), ("look('x', ['planted'])", "a secret in the log: x")],
)
def test_violation_between_tests_fails_the_run(tmp_path: Path, options: list[str], late: str, what: str) -> None:
    done = session(tmp_path, QUIET, options, late)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert what in done.stdout


DRAWS = """
import hypothesis, pytest
from hypothesis import given, settings, strategies as st

{settings}
@given(st.integers(0, 10**9))
def test_draws(number):
    print("drawn", number)
"""


def drawn(folder: Path, options: list[str], its: str = "") -> list[str]:
    done = session(folder, DRAWS.replace("{settings}", its), ["-n0", "-rP", *options])
    assert done.returncode in {0, 5}, done.stdout + done.stderr
    return re.findall(r"drawn (\d+)", done.stdout)


def test_examples_repeat_and_differ_in_the_full_run(tmp_path: Path) -> None:
    same = [drawn(tmp_path, []) for _ in range(2)]
    others = [drawn(tmp_path, ["-m", "full"]) for _ in range(2)]
    assert same[0] == same[1]
    assert len(same[0]) >= 100
    assert others[0] not in (same[0], others[1])
    assert len(others[0]) >= 100


def test_derandomized_test_is_not_rerun_in_the_full_run(tmp_path: Path) -> None:
    assert drawn(tmp_path, ["-m", "full"], "@settings(derandomize=True)") == []
