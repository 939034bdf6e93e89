"""Observation of the gateway: ends of each job, callbacks, log events, and the functions' memory."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from math import ceil
from statistics import median

import psutil

from local.logs import Log

_TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})


class EventCounter(Log):
    """A silent log that counts the ends of each job and all events.

    `ended_at`: when the first end of a job was logged, by the clock. `callbacks`: the status of each job's callback
    after its last attempt. `attempted` is called after each.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, attempted: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(stream=None)
        self.ends: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.ended_at: dict[str, float] = {}
        self.callbacks: dict[str, str] = {}
        self._now = clock
        self._attempted = attempted

    def line(self, source: str, line: str) -> None:
        super().line(source, line)
        if not line.startswith('{"level"'):
            return
        event = json.loads(line)
        self.counts[event["message"]] += 1
        if event["message"] == "job_changed" and event["state"] in _TERMINAL:
            self.ends[event["job_id"]] += 1
            self.ended_at.setdefault(event["job_id"], self._now())
        elif event["message"] == "callback_attempted":
            self.callbacks[event["job_id"]] = event["callback"]
            self._attempted()

    def event(self, source: str, message: str, level: str = "INFO", **fields: object) -> None:
        super().event(source, message, level, **fields)
        self.counts[message] += 1


def function_memory() -> dict[int, int]:
    """Return process id → resident bytes of every execution environment of this process."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            parent = process.parent()
            if parent is not None and "local.lambdas.fork_server" in parent.cmdline():
                found[process.pid] = process.memory_info().rss
        except psutil.Error:
            continue
    return found


def growth(before: dict[int, int], after: dict[int, int]) -> tuple[float, float]:
    """Return the growth factor of environments that lived all the time: the median and the maximum.

    The maximum includes noise: one may be busy, and one of a rarely called function may have just had its first event.
    """
    factors = [after[pid] / before[pid] for pid in before if pid in after]
    return median(factors), max(factors)


def waits(ended_at: Mapping[str, float], received_at: Mapping[str, float]) -> list[float]:
    """Return, sorted, the seconds from each job's end to its first callback; none for jobs without one of the two.

    The log arrives through a pipe, so that a callback may overtake it: then it took no time.
    """
    return sorted(max(0.0, received_at[name] - end) for name, end in ended_at.items() if name in received_at)


def percentile(values: Collection[float], percent: float) -> float:
    """Return the smallest value that is not exceeded by `percent` of the values (nearest rank)."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
