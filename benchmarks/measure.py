"""Measure a job: CPU seconds of this process and all its children, and the peak memory of its processes.

CPU time, not wall time: on a busy machine CPU time hardly changes, while wall time is meaningless.
"""

from __future__ import annotations

import contextlib
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.02

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work, and how often to run it."""

    job: Callable[[], object]
    runs: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """A median divided by another. `low` and `high` are the extremes of the ratios within one round of runs."""

    value: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, over: Sequence[float], under: Sequence[float]) -> Ratio:
        rounds = [a / b for a, b in zip(over, under, strict=False)]
        return cls(statistics.median(over) / statistics.median(under), min(rounds), max(rounds), len(rounds))

    def facts(self) -> dict[str, float]:
        return {"ratio": self.value, "low": self.low, "high": self.high, "runs": self.runs}


def cpu_seconds(job: Callable[[], object]) -> float:
    """Return the user and system time of a job, in this process and in the ones that it starts and waits for."""
    before = _spent()
    job()
    return _spent() - before


def interleaved(
    contenders: Mapping[str, Contender], say: Say, spent: Callable[[Callable[[], object]], float] = cpu_seconds
) -> dict[str, list[float]]:
    """Run the contenders in turns, A B C A B C …, so that other load affects all alike; return the seconds of each run.

    `spent` runs a job and returns what it cost.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    rounds = max(contender.runs for contender in contenders.values())
    for number in range(rounds):
        for name, contender in contenders.items():
            if number < contender.runs:
                seconds[name].append(spent(contender.job))
                say(f"  run {number + 1} of {contender.runs}, {name}: {seconds[name][-1]:.3g} CPU s")
    return seconds


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory(argv: Sequence[str], cwd: Path) -> int:
    """Return the peak memory of a program and its descendants in bytes, sampled 50 times per second.

    Pages that they share are counted for each of them, so the true peak is a little lower.
    """
    peak = 0
    with subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as program:
        root = psutil.Process(program.pid)
        while program.poll() is None:
            peak = max(peak, _resident(root))
            time.sleep(_SAMPLE_SECONDS)
    if program.returncode != 0:
        raise subprocess.CalledProcessError(program.returncode, argv)
    return peak


def _resident(root: psutil.Process) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def _spent() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
