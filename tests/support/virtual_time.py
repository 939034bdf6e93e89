"""Virtual time for threads: it passes only while all of them sleep, so that minutes take milliseconds.

One thread runs at a time, the one with the earliest wake-up, so the result is the same on any machine.
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
    """`now` in milliseconds. Call all methods from threads of `run` or `map` only."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._waiting: list[tuple[int, int, threading.Event]] = []
        self._numbers = count()

    def __call__(self) -> int:
        return self.now

    def sleep(self, ms: int) -> None:
        self._wait(self._wake_at(self.now + ms))

    def run(self, *programs: Callable[[], None]) -> None:
        """Run all programs concurrently until they end. Raises the first error of any of them."""
        failures: list[BaseException] = []
        finished = threading.Event()
        self._start(programs, failures, finished.set)
        self._resume_next()
        finished.wait()
        if failures:
            raise failures[0]

    def map(self, at_once: int, do: Callable[[T], R], given: Iterable[T]) -> list[R]:
        """Like an executor's `map` with `at_once` threads."""
        left = list(enumerate(given))
        done: dict[int, R] = {}

        def worker() -> None:
            while left:
                number, one = left.pop(0)
                done[number] = do(one)

        failures: list[BaseException] = []
        all_done = threading.Event()
        self._start([worker] * at_once, failures, lambda: self._push(self.now, all_done))
        self._wait(all_done)
        if failures:
            raise failures[0]
        return [done[number] for number in sorted(done)]

    def _start(
        self, programs: Iterable[Callable[[], None]], failures: list[BaseException], at_end: Callable[[], None]
    ) -> None:
        threads_to_run = list(programs)
        running = len(threads_to_run)

        def run_program(program: Callable[[], None], turn: threading.Event) -> None:
            nonlocal running
            turn.wait()
            try:
                program()
            except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
                failures.append(error)
            running -= 1
            if not running:
                at_end()
            self._resume_next()

        for program in threads_to_run:
            threading.Thread(target=run_program, args=(program, self._wake_at(self.now)), daemon=True).start()

    def _wake_at(self, moment: int) -> threading.Event:
        turn = threading.Event()
        self._push(moment, turn)
        return turn

    def _push(self, moment: int, turn: threading.Event) -> None:
        heapq.heappush(self._waiting, (moment, next(self._numbers), turn))

    def _wait(self, turn: threading.Event) -> None:
        self._resume_next()
        turn.wait()

    def _resume_next(self) -> None:
        """Resume the thread with the earliest wake-up; do nothing if all have ended."""
        if self._waiting:
            moment, _, turn = heapq.heappop(self._waiting)
            self.now = max(self.now, moment)
            turn.set()
