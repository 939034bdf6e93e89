"""Kill what a killed test run has started: systems under test, engines, browsers, and their descendants.

    python -m tests.support.guard MARK FOLDER PID…

The guard waits until one of the processes PID is gone, then ends every process that has MARK in its environment or
works in FOLDER, with its descendants. A run that finishes closes the guard's stdin: then the guard ends the leftovers
of failed tests, but not the run.
"""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_ROOT = Path(__file__).resolve().parents[2]
_VARIABLE = "API_GPU_TEST_RUN"
_LOOK_SECONDS = 0.3
_GRACE_SECONDS = 8.0
"""For `local up`, which needs time to delete its files."""


@contextmanager
def watch_run(folder: Path) -> Iterator[None]:
    """Start a guard for this pytest process while the block runs."""
    mark = secrets.token_hex(8)
    watched = [os.getpid()]
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Without the process that distributes the tests this one has no purpose.
        watched.append(os.getppid())
    os.environ[_VARIABLE] = mark
    # In its own session: a closed terminal or a kill of the process group must not reach it.
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.support.guard", mark, str(folder), *map(str, watched)],
        cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(2 * _GRACE_SECONDS)
        del os.environ[_VARIABLE]


def run_environment() -> dict[str, str]:
    """Return what the guard must find in a process started with an explicit environment."""
    return {_VARIABLE: os.environ[_VARIABLE]} if _VARIABLE in os.environ else {}


def main(arguments: Sequence[str]) -> None:
    mark, folder, *numbers = arguments
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched = [found for number in numbers if (found := _process(int(number))) is not None]
    finished = False
    while not finished and len(watched) == len(numbers) and all(_is_running(process) for process in watched):
        finished = bool(select.select([sys.stdin], [], [], _LOOK_SECONDS)[0])
    if finished and all(_is_running(process) for process in watched):
        watched = []
    # The rest of a killed run, too: a worker of pytest-xdist would continue its test.
    targets = set(watched)
    until = time.monotonic() + _GRACE_SECONDS
    signalled: set[psutil.Process] = set()
    while True:
        matching = {one for one in psutil.process_iter() if _belongs(one, mark, Path(folder))}
        targets |= matching
        for process in list(targets):
            with suppress(psutil.Error):
                targets.update(process.children(recursive=True))
        targets = {process for process in targets if process.pid != os.getpid() and _is_running(process)}
        in_grace = time.monotonic() < until
        for process in (matching | set(watched)) - signalled if in_grace else targets:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGTERM if in_grace else signal.SIGKILL)
        signalled |= matching | set(watched)
        if not targets:
            return
        time.sleep(_LOOK_SECONDS)


def _belongs(process: psutil.Process, mark: str, folder: Path) -> bool:
    try:
        if process.pid == os.getpid() or not _is_running(process):
            return False
        return Path(process.cwd()).is_relative_to(folder) or process.environ().get(_VARIABLE) == mark
    except (psutil.Error, OSError):
        return False


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
