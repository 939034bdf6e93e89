"""Observation of the gateway: ends of each job, log events, and the functions' memory."""

from __future__ import annotations

import json
from collections import Counter
from statistics import median

import psutil

from local.logs import Log

_TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})


class EventCounter(Log):
    """A silent log that counts the ends of each job and all events."""

    def __init__(self) -> None:
        super().__init__(stream=None)
        self.ends: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def line(self, source: str, line: str) -> None:
        super().line(source, line)
        if not line.startswith('{"level"'):
            return
        event = json.loads(line)
        self.counts[event["message"]] += 1
        if event["message"] == "job_changed" and event["state"] in _TERMINAL:
            self.ends[event["job_id"]] += 1

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
