"""Scheduler of every order of the calls of several processes. They are threads of which one runs at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence, Set

from tests.model.crash_points import CrashPoints

Act = Callable[[], object]
MakeRun = Callable[[], tuple[CrashPoints, Sequence[Act], Callable[[], None]]]
"""Makes a new world: its crash points, the concurrent acts, and the check afterwards."""

SHARED_CALLS = frozenset({"create", "get", "save", "run", "status", "cancel", "read", "size", "send"})
"""Calls whose order matters: no process reads the log or the queue."""


def explore_orders(run: MakeRun, calls: Set[str] = SHARED_CALLS) -> int:
    """Run every order of these `calls`; returns their number. Raises what an act or a check raises."""
    turns = {f"before {name}" for name in calls}
    path: list[int] = []
    number = 0
    while True:
        crash_points, acts, check = run()
        choices = _follow(crash_points, acts, path, turns)
        check()
        number += 1
        while choices and choices[-1][0] + 1 == choices[-1][1]:
            choices.pop()
        if not choices:
            return number
        path = [chosen for chosen, _ in choices[:-1]] + [choices[-1][0] + 1]


def run_interleaved(
    crash_points: CrashPoints, acts: Sequence[Act], path: Sequence[int], calls: Set[str] = SHARED_CALLS
) -> None:
    """Run one order: each number of `path` selects the process with the turn. Raises what an act raises."""
    _follow(crash_points, acts, path, {f"before {name}" for name in calls})


def _follow(
    crash_points: CrashPoints, acts: Sequence[Act], path: Sequence[int], turns: Set[str]
) -> list[tuple[int, int]]:
    """Follow `path`, then always the first process. Returns (chosen, number of choices) for each step."""
    processes = [_Process(act) for act in acts]
    of_thread = {process.ident: process for process in processes}

    def boundary() -> None:
        # Code between two calls touches nothing shared, so a turn is a call and the code after it.
        if crash_points.names[-1] in turns and (process := of_thread.get(threading.get_ident())):
            process.pause()

    crash_points.on_boundary = boundary
    choices = []
    try:
        while alive := [process for process in processes if not process.finished]:
            chosen = min(path[len(choices)], len(alive) - 1) if len(choices) < len(path) else 0
            choices.append((chosen, len(alive)))
            alive[chosen].resume()
    finally:
        crash_points.on_boundary = None
        for process in processes:
            process.finish()
    for process in processes:
        if process.error is not None:
            raise process.error
    return choices


class _Process:
    """A thread that pauses before each call until it is resumed."""

    def __init__(self, act: Act) -> None:
        self.error: BaseException | None = None
        self.finished = False
        self._act = act
        self._resumed = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._paused.acquire()

    @property
    def ident(self) -> int | None:
        return self._thread.ident

    def resume(self) -> None:
        self._resumed.release()
        self._paused.acquire()

    def pause(self) -> None:
        self._paused.release()
        self._resumed.acquire()

    def finish(self) -> None:
        while not self.finished:
            self.resume()
        self._thread.join()

    def _run(self) -> None:
        self.pause()
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            self.error = error
        self.finished = True
        self._paused.release()
