"""A violation fails the test that caused it, and the run if no test did: in one process and in several."""

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
from tests.support.log_scan import LogScan, scan
from tests.support.hypothesis_profiles import HypothesisProfiles

CANARY = CanaryPlugin()

def pytest_configure(config):
    for plugin in (CANARY, LogScan(), HypothesisProfiles()):
        config.pluginmanager.register(plugin)

def visit():
    socket.create_connection(("127.0.0.1", CANARY.port)).close()

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    if not session.config.getoption("numprocesses", None):
        {late}
"""
QUIET = "def test_quiet():\n    pass\n"


def session(folder: Path, tests: str, options: Sequence[str], late: str = "pass") -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.replace("{late}", late))
    (folder / "test_it.py").write_text(f"from conftest import visit\n{tests}")
    argv = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis",
        f"--basetemp={folder / 'inner'}", f"--rootdir={folder}", *options, str(folder),
    ]  # fmt: skip
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


# `make test` runs with several processes; with one, the checks differ only in how they report.
PROCESSES = pytest.mark.parametrize("options", [["-n2"], pytest.param(["-n0"], marks=pytest.mark.full)], ids=str)


@PROCESSES
def test_contacting_the_canary_fails_the_test(tmp_path: Path, options: list[str]) -> None:
    visits = "def test_visits():\n    visit()\ndef test_visits_too(canary):\n    visit()\n"
    done = session(tmp_path, QUIET + visits, options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 passed, 2 errors" in done.stdout
    for name in ("test_visits", "test_visits_too"):
        assert re.search(rf"the canary was contacted: \S*test_it.py::{name}\n", done.stdout)


@PROCESSES
def test_violation_between_tests_fails_the_run(tmp_path: Path, options: list[str]) -> None:
    done = session(tmp_path, QUIET, options, "visit(); scan('x', ['planted'])")
    assert done.returncode == 1, done.stdout + done.stderr
    for line in ("1 passed", "the canary was contacted: between tests", "a secret in the log: x"):
        assert line in done.stdout


DRAWS = """
from hypothesis import given, settings, strategies as st

@given(st.integers(0, 10**9))
def test_draws(number):
    print("drawn", number)

@settings(derandomize=True)
@given(st.integers(0, 10**9))
def test_stays_the_same(number):
    print("repeated", number)
"""


def run_examples(folder: Path, *options: str) -> tuple[list[str], list[str]]:
    """Run a clean session; return the examples of the first test and of the second."""
    done = session(folder, DRAWS, ["-n0", "-rP", *options])
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"drawn (\d+)", done.stdout), re.findall(r"repeated (\d+)", done.stdout)


def test_examples_repeat_and_differ_in_the_full_run(tmp_path: Path) -> None:
    (first, stated), (second, _) = run_examples(tmp_path), run_examples(tmp_path)
    assert first == second
    assert min(len(first), len(stated)) >= 100
    (other, rerun), (another, _) = run_examples(tmp_path, "-m", "full"), run_examples(tmp_path, "-m", "full")
    assert len({tuple(first), tuple(other), tuple(another)}) == 3
    assert len(other) >= 100
    assert rerun == []
