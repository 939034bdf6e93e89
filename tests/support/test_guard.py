"""A killed test run or a closed terminal leaves no process behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
import pytest
from tests.support.guard import watch_run

@pytest.fixture(scope="session", autouse=True)
def guard(tmp_path_factory):
    with watch_run(tmp_path_factory.getbasetemp()):
        yield
"""
TEST = """
import multiprocessing, subprocess, sys, time
from pathlib import Path
from tests.support.engines import serve_process
from tests.support.ports import reserved_port
from tests.support.system import running

def test_forever(tmp_path):
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # A program without an environment in a session of its own, as ffmpeg is started; and one that starts another.
    subprocess.Popen(["sleep", "600"], env={}, cwd=tmp_path, start_new_session=True, **quiet)
    subprocess.Popen(["sh", "-c", "env -i setsid sleep 600 & wait"], cwd=tmp_path, **quiet)
    with running() as system, reserved_port() as port:
        with serve_process([sys.executable, "-m", "http.server", str(port)], port, tmp_path, {}):
            Path("ready").write_text(str(system.scratch))
            time.sleep(600)
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small test suite with the guard and a system that it starts."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TEST)
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    return folder


def process_tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def start_run(suite: Path, tmp_path: Path, *options: str) -> Iterator[psutil.Process]:
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path}/base", *options]
    quiet = subprocess.DEVNULL
    # Without the marker of the run that contains this test.
    environ = {"PATH": os.environ["PATH"]}
    process = subprocess.Popen(argv, cwd=suite, env=environ, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while not (suite / "ready").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGKILL, 0),
        pytest.param(signal.SIGTERM, 0, marks=pytest.mark.full),
        pytest.param(signal.SIGKILL, 2, marks=pytest.mark.full),
        pytest.param(signal.SIGHUP, 2, marks=pytest.mark.full),
    ],
)
def test_killed_run_leaves_no_process(suite: Path, tmp_path: Path, number: signal.Signals, workers: int) -> None:
    for run in start_run(suite, tmp_path, f"-n{workers}"):
        processes = process_tree(run)
        assert sum("local" in one.cmdline() for one in processes) == 1
        assert len(processes) >= 10 + workers
        scratch = Path((suite / "ready").read_text())
        if number is signal.SIGHUP:
            # A closed terminal signals the whole group, but not the guards.
            os.killpg(run.pid, number)
        else:
            run.send_signal(number)
        _, alive = psutil.wait_procs(processes, timeout=15)
        assert not alive
        assert not list(scratch.iterdir())


@pytest.mark.full
@pytest.mark.e2e
def test_killed_xdist_worker_leaves_no_process(suite: Path, tmp_path: Path) -> None:
    for run in start_run(suite, tmp_path, "-n2", "--max-worker-restart=0"):
        system = next(one for one in process_tree(run) if "local" in one.cmdline())
        parent = system.parent()
        assert parent is not None
        processes = process_tree(parent)
        parent.kill()
        _, alive = psutil.wait_procs(processes, timeout=15)
        assert not alive


@pytest.mark.parametrize("mark", [True, False])
def test_leftovers_of_a_finished_run_are_killed(mark: bool, tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys; from pathlib import Path\n"
        "from tests.support.guard import run_environment, watch_run\n"
        f"with watch_run(Path({str(tmp_path)!r})):\n"
        f"    env, cwd = (run_environment(), '/') if {mark} else ({{}}, {str(tmp_path)!r})\n"
        "    left = subprocess.Popen(['sleep', '600'], env=env, cwd=cwd, start_new_session=True)\n"
        "print(left.wait(0))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == f"{-signal.SIGTERM}\n"


@pytest.mark.e2e
def test_closed_terminal_stops_make_up(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    # The terminal signals the shell, and then the foreground group.
    script = f"make --no-print-directory up PORT=0 BIN='{Path(sys.executable).parent}'; true"
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    # nohup ignores SIGHUP.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    shell = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "sh", "-c", script],
        cwd=ROOT,
        env=environ,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    signal.signal(signal.SIGHUP, before)
    os.close(follower)
    shown = b""
    try:
        while b"ready" not in shown:
            shown += os.read(leader, 4096)
        processes = process_tree(psutil.Process(shell.pid))
        assert len(processes) >= 6
    finally:
        os.close(leader)
    shell.wait(15)
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert not alive
    assert not list(tmp_path.iterdir())
