"""Find and kill all processes of a sandboxed program: its session, its descendants, and orphans that left both.

A process whose parent has exited becomes a child of its nearest ancestor that is a subreaper (prctl(2),
PR_SET_CHILD_SUBREAPER). As a subreaper, the worker can find and kill every orphan.
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
    """A running process. `session` is the process id of its session's leader."""

    pid: int
    parent: int
    session: int


class ProcessRegistry:
    """The sandboxed programs that this process has started.

    A program is known by the id of its first process, which leads its own session.
    """

    def __init__(self) -> None:
        self._sessions: set[int] = set()
        self._starting = 0
        self._is_subreaper = False

    @property
    def sessions(self) -> frozenset[int]:
        """The programs that are running."""
        return frozenset(self._sessions)

    def become_subreaper(self) -> None:
        """Make this process the parent of all orphans of its programs.

        Only for a process whose other children start no sessions: those would be mistaken for orphans.
        """
        self._is_subreaper = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Mark the time in which a child may lead its session and is not registered yet: no orphans are looked for."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1

    def register(self, session: int) -> None:
        """Add a program."""
        self._sessions.add(session)

    def unregister(self, session: int) -> None:
        """Remove a program, all of whose processes are gone."""
        self._sessions.discard(session)

    def pids(self, session: int) -> set[int]:
        """Return the ids of all processes of a program, itself included, and of the orphans of any program."""
        processes = list_processes()
        roots = {pid for pid, process in processes.items() if process.session == session}
        return with_descendants(roots | self._orphans(processes), processes)

    def kill(self, session: int) -> bool:
        """Kill every process of a program. Return True if there were any. The caller waits for its first process."""
        pids = self.pids(session)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids - self._sessions:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return bool(pids)

    def _orphans(self, processes: Mapping[int, Process]) -> set[int]:
        if not self._is_subreaper or self._starting:
            return set()
        me = os.getpid()
        known = self._sessions | {os.getsid(0)}
        return {pid for pid, process in processes.items() if process.parent == me and process.session not in known}


def list_processes(proc: Path = _PROC) -> dict[int, Process]:
    """Return every process of the machine that has not exited, by its id."""
    processes = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (process := _read_stat(entry / "stat")) is not None:
            processes[process.pid] = process
    return processes


def with_descendants(pids: set[int], processes: Mapping[int, Process]) -> set[int]:
    """Return these processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found, pending = set(), list(pids)
    while pending:
        pid = pending.pop()
        if pid not in found:
            found.add(pid)
            pending += children.get(pid, ())
    return found


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the resident memory of these processes; shared pages are counted for each. 0 for one that has exited."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE_BYTES
    return total


def _read_stat(path: Path) -> Process | None:
    """Return None for a process that is gone, or that has exited and is not waited for yet."""
    try:
        pid, rest = path.read_text(errors="replace").split(" (", 1)
        # The name may contain anything, parentheses and spaces included.
        state, parent, _group, session, *_ = rest.rpartition(") ")[2].split()
        return None if state in {"Z", "X"} else Process(int(pid), int(parent), int(session))
    except (OSError, ValueError):
        return None


PROCESSES = ProcessRegistry()
"""One for this process, because the kernel has one tree of processes and one subreaper flag for it."""
