"""Every order in which the calls of several processes can reach the world. They are threads; one runs at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence, Set

from tests.model.crash_points import Gate

Act = Callable[[], object]
Run = Callable[[], tuple[Gate, Sequence[Act], Callable[[], None]]]
"""A fresh world: its gate, what is done at once, and what must hold afterwards."""

SHARED = frozenset({"create", "get", "save", "run", "status", "cancel", "read", "size", "send"})
"""Calls whose order matters: nobody reads what the log and the queue are told."""


def explore(run: Run, calls: Set[str] = SHARED) -> int:
    """Run through every order of these `calls`; returns how many there are. Raises what an act or a check raises."""
    turns = {f"before {name}" for name in calls}
    path: list[int] = []
    number = 0
    while True:
        gate, acts, check = run()
        choices = _interleaved(gate, acts, path, turns)
        check()
        number += 1
        while choices and choices[-1][0] + 1 == choices[-1][1]:
            choices.pop()
        if not choices:
            return number
        path = [chosen for chosen, _ in choices[:-1]] + [choices[-1][0] + 1]


def woven(gate: Gate, acts: Sequence[Act], path: Sequence[int], calls: Set[str] = SHARED) -> None:
    """Run through one order: each number of `path` says whose turn it is. Raises what an act raises."""
    _interleaved(gate, acts, path, {f"before {name}" for name in calls})


def _interleaved(gate: Gate, acts: Sequence[Act], path: Sequence[int], turns: Set[str]) -> list[tuple[int, int]]:
    """Follow `path`, then always the first process. Returns (chosen, of how many) for each step."""
    processes = [_Process(act) for act in acts]
    of_thread = {process.ident: process for process in processes}

    def boundary() -> None:
        # What is between two calls touches nothing shared, so a turn is a call and what follows it.
        if gate.names[-1] in turns and (process := of_thread.get(threading.get_ident())):
            process.pause()

    gate.every = boundary
    choices = []
    try:
        while alive := [process for process in processes if not process.over]:
            chosen = min(path[len(choices)], len(alive) - 1) if len(choices) < len(path) else 0
            choices.append((chosen, len(alive)))
            alive[chosen].go_on()
    finally:
        gate.every = None
        for process in processes:
            process.finish()
    for process in processes:
        if process.error is not None:
            raise process.error
    return choices


class _Process:
    """A thread that stands before each call until it is told to go on."""

    def __init__(self, act: Act) -> None:
        self.error: BaseException | None = None
        self.over = False
        self._act = act
        self._go = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        self._stands.acquire()

    @property
    def ident(self) -> int | None:
        return self._thread.ident

    def go_on(self) -> None:
        self._go.release()
        self._stands.acquire()

    def pause(self) -> None:
        self._stands.release()
        self._go.acquire()

    def finish(self) -> None:
        while not self.over:
            self.go_on()
        self._thread.join()

    def _live(self) -> None:
        self.pause()
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the test can see it
            self.error = error
        self.over = True
        self._stands.release()
