"""What the gateway says and needs while it works: how often each job ended, and how much memory its functions hold."""

from __future__ import annotations

import json
from collections import Counter
from statistics import median

import psutil

from local.logs import Log

_TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})


class Ends(Log):
    """A silent log that counts the ends of each job, and what was noted on the way."""

    def __init__(self) -> None:
        super().__init__(stream=None)
        self.ends: Counter[str] = Counter()
        self.told: Counter[str] = Counter()

    def line(self, source: str, line: str) -> None:
        super().line(source, line)
        if not line.startswith('{"level"'):
            return
        told = json.loads(line)
        self.told[told["message"]] += 1
        if told["message"] == "job_changed" and told["state"] in _TERMINAL:
            self.ends[told["job_id"]] += 1

    def event(self, source: str, message: str, level: str = "INFO", **fields: object) -> None:
        super().event(source, message, level, **fields)
        self.told[message] += 1


def function_memory() -> dict[int, int]:
    """Process → resident bytes, of every execution environment this process has."""
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
    """How many times as much the environments hold that lived all along: at the median, and the one that grew most.

    One may just be at work, and an environment of a function that is seldom called may have done its first work since.
    """
    grown = [after[pid] / before[pid] for pid in before if pid in after]
    return median(grown), max(grown)
