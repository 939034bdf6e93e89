"""End what a killed test run has started: a system under test, engines, browsers, and all that they started.

    python -m tests.support.guard MARK FOLDER PID…

It waits until one of the processes PID is gone, by whatever means, and then ends every process that has MARK in its
environment or works in FOLDER, with its descendants. A run that ends by itself closes the guard's stdin: then the
leftovers of tests that failed are ended, and the run is not.
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
"""For `local up`, which leaves no file behind if it may stop by itself."""


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Have a guard watch this process, in which pytest runs, while the block runs."""
    mark = secrets.token_hex(8)
    watched = [os.getpid()]
    if "PYTEST_XDIST_WORKER" in os.environ:
        # The process that distributes the tests. Without it this one is of no use.
        watched.append(os.getppid())
    os.environ[_VARIABLE] = mark
    # In a session of its own: a closed terminal, or a kill of the whole group, must not reach it.
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


def marked() -> dict[str, str]:
    """Return the variables that an environment made by a test needs."""
    return {_VARIABLE: os.environ[_VARIABLE]} if _VARIABLE in os.environ else {}


def main(arguments: Sequence[str]) -> None:
    mark, folder, *numbers = arguments
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched = [found for number in numbers if (found := _process(int(number))) is not None]
    finished = False
    while not finished and len(watched) == len(numbers) and all(_runs(process) for process in watched):
        finished = bool(select.select([sys.stdin], [], [], _LOOK_SECONDS)[0])
    if finished and all(_runs(process) for process in watched):
        watched = []
    # What is left of a killed run itself: a process of pytest-xdist would go on with its test.
    everything = set(watched)
    until = time.monotonic() + _GRACE_SECONDS
    asked: set[psutil.Process] = set()
    while True:
        matching = {one for one in psutil.process_iter() if _belongs(one, mark, Path(folder))}
        everything |= matching
        for process in list(everything):
            with suppress(psutil.Error):
                everything.update(process.children(recursive=True))
        everything = {process for process in everything if process.pid != os.getpid() and _runs(process)}
        patient = time.monotonic() < until
        for process in (matching | set(watched)) - asked if patient else everything:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGTERM if patient else signal.SIGKILL)
        asked |= matching | set(watched)
        if not everything:
            return
        time.sleep(_LOOK_SECONDS)


def _belongs(process: psutil.Process, mark: str, folder: Path) -> bool:
    try:
        if process.pid == os.getpid() or not _runs(process):
            return False
        return Path(process.cwd()).is_relative_to(folder) or process.environ().get(_VARIABLE) == mark
    except (psutil.Error, OSError):
        return False


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
