"""The processes of a run: what it started, what those started, and what left its session to be overlooked.

A process whose parent has ended becomes a child of the nearest one above it that adopts (prctl(2),
PR_SET_CHILD_SUBREAPER). So nothing that a program leaves behind gets away from a worker that does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Process:
    """`session` is the id of the process that began it."""

    pid: int
    parent: int
    session: int


class ProcessRegistry:
    """The runs of this process. A run is known by the id of its first process, which begins a session of its own."""

    def __init__(self) -> None:
        self._sessions: set[int] = set()
        self._starting = 0
        self._is_subreaper = False

    def become_subreaper(self) -> None:
        """From now on no process of a run gets away.

        Only for a process whose other children begin no sessions: those that do are taken for what got away.
        """
        self._is_subreaper = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """While a child has begun its session and is not known yet."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1

    def register(self, session: int) -> None:
        self._sessions.add(session)

    def pids(self, session: int) -> set[int]:
        """Ids of all processes of a run, itself included, with those that got away from any run."""
        found = list_processes()
        roots = {pid for pid, process in found.items() if process.session == session}
        return with_descendants(roots | self._strays(found), found)

    def kill(self, session: int) -> bool:
        """Kill every process of a run. True if there were any. Its first process is left for whoever waits for it."""
        pids = self.pids(session)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids - self._sessions:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return bool(pids)

    def unregister(self, session: int) -> None:
        self._sessions.discard(session)

    def _strays(self, found: Mapping[int, Process]) -> set[int]:
        if not self._is_subreaper or self._starting:
            return set()
        me = os.getpid()
        known = self._sessions | {os.getsid(0)}
        return {pid for pid, process in found.items() if process.parent == me and process.session not in known}


def list_processes(proc: Path = _PROC) -> dict[int, Process]:
    """Every process of the machine that has not ended, by its id."""
    found = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (process := _read(entry / "stat")) is not None:
            found[process.pid] = process
    return found


def with_descendants(pids: set[int], found: Mapping[int, Process]) -> set[int]:
    """These processes and all that came of them."""
    children: dict[int, list[int]] = {}
    for process in found.values():
        children.setdefault(process.parent, []).append(process.pid)
    all_of_them, left = set(), list(pids)
    while left:
        pid = left.pop()
        if pid not in all_of_them:
            all_of_them.add(pid)
            left += children.get(pid, ())
    return all_of_them


def resident_bytes(pids: Iterable[int]) -> int:
    """What these processes have in memory; pages that they share are counted for each. 0 for one that has ended."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE_BYTES
    return total


def _read(path: Path) -> Process | None:
    """None for a process that is gone, or ended and not yet waited for."""
    try:
        pid, rest = path.read_text(errors="replace").split(" (", 1)
        # The name may hold anything, brackets and blanks included.
        state, parent, _group, session, *_ = rest.rpartition(") ")[2].split()
        return None if state in {"Z", "X"} else Process(int(pid), int(parent), int(session))
    except (OSError, ValueError):
        return None


PROCESSES = ProcessRegistry()
