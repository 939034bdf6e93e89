"""Threads in a time of their own: it passes only while all of them sleep, so that minutes take milliseconds.

One thread runs at a time, the one that slept until the earliest moment; what comes out is the same on any machine.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable
from itertools import count
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class VirtualTime:
    """`now` in milliseconds. Call everything here from threads of `run` or `side_by_side` only."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._waiting: list[tuple[int, int, threading.Event]] = []
        self._numbers = count()

    def __call__(self) -> int:
        return self.now

    def sleep(self, ms: int) -> None:
        self._wait(self._wake_at(self.now + ms))

    def run(self, *programs: Callable[[], None]) -> None:
        """Run all of them at once, to their ends. Raises what one of them raised."""
        failures: list[BaseException] = []
        over = threading.Event()
        self._start(programs, failures, over.set)
        self._go_on()
        over.wait()
        if failures:
            raise failures[0]

    def side_by_side(self, at_once: int, do: Callable[[T], R], given: Iterable[T]) -> list[R]:
        """`map` with so many threads, as an executor's: each takes the next when it has done the last."""
        left = list(enumerate(given))
        done: dict[int, R] = {}

        def lane() -> None:
            while left:
                number, one = left.pop(0)
                done[number] = do(one)

        failures: list[BaseException] = []
        mine = threading.Event()
        self._start([lane] * at_once, failures, lambda: self._push(self.now, mine))
        self._wait(mine)
        if failures:
            raise failures[0]
        return [done[number] for number in sorted(done)]

    def _start(
        self, programs: Iterable[Callable[[], None]], failures: list[BaseException], at_end: Callable[[], None]
    ) -> None:
        wanted = list(programs)
        running = len(wanted)

        def live(program: Callable[[], None], turn: threading.Event) -> None:
            nonlocal running
            turn.wait()
            try:
                program()
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for the thread
                failures.append(error)
            running -= 1
            if not running:
                at_end()
            self._go_on()

        for program in wanted:
            threading.Thread(target=live, args=(program, self._wake_at(self.now)), daemon=True).start()

    def _wake_at(self, moment: int) -> threading.Event:
        turn = threading.Event()
        self._push(moment, turn)
        return turn

    def _push(self, moment: int, turn: threading.Event) -> None:
        heapq.heappush(self._waiting, (moment, next(self._numbers), turn))

    def _wait(self, turn: threading.Event) -> None:
        self._go_on()
        turn.wait()

    def _go_on(self) -> None:
        """Let the thread go on whose moment is the earliest. With none left all has ended."""
        if self._waiting:
            moment, _, turn = heapq.heappop(self._waiting)
            self.now = max(self.now, moment)
            turn.set()
