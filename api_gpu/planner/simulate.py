"""RunPod's queue, workers and bill for a load, event by event: a queue M/G/c with set-up times and delayed switch-off.

The model is that of Gandhi, Doroudi, Harchol-Balter and Scheller-Wolf, "Exact analysis of the M/M/k/setup class of
Markov chains via recursive renewal reward" (2013) and of their DELAYEDOFF policy: an idle worker waits for a job before
it stops, a new one needs time to start, and the job that was most lately served decides which idle worker comes next.
Formulas exist for exponential times only; recorded loads have other ones. A simulation library (SimPy) would run each
worker as a generator, and be slower for it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from api_gpu.planner.load import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The endpoint's settings that decide when workers start and stop. Seconds."""

    idle_timeout: float
    min_workers: int = 0
    max_workers: int = 3
    queue_delay: float = 4.0
    """A worker is started when a job has waited this long and no starting worker is meant for it (RunPod's default)."""
    first_at_once: bool = True
    """Whether a job that finds no worker at all starts one without that delay. RunPod does not document it."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_workers <= self.max_workers or self.max_workers < 1:
            raise ValueError("max_workers must be at least 1, and min_workers between 0 and max_workers")
        if self.idle_timeout < 0 or self.queue_delay < 0:
            raise ValueError("idle_timeout and queue_delay must not be negative")


@dataclass(slots=True)
class Usage:
    """What a load costs in time. `start + work + idle` are all seconds in which workers existed."""

    waits: list[float] = field(default_factory=list)
    """Seconds from arrival to execution of each job, in the order of arrival."""
    starts: int = 0
    """Workers that were started, each with a cold start."""
    start_seconds: float = 0.0
    work_seconds: float = 0.0
    idle_seconds: float = 0.0
    billed_seconds: int = 0
    """Seconds of workers that come and go. Each worker's time is rounded up."""
    billed_active_seconds: int = 0
    """Seconds of the workers that are always on (`min_workers`)."""


def simulate(load: Load, rules: Rules, draw_start: Callable[[], float], speed: float = 1.0) -> Usage:
    """Run all jobs, first come, first served, until the last worker has stopped.

    Args:
        load: the jobs.
        rules: the endpoint's settings.
        draw_start: returns the seconds of the next cold start.
        speed: of this GPU; a job takes its seconds divided by it.
    """
    work = load.work if speed == 1.0 else [seconds / speed for seconds in load.work]
    return _Fleet(load.arrivals, work, rules, draw_start).run(load.seconds)


class _Fleet:
    """The state of the endpoint. Workers are numbered; the first `min_workers` are always on."""

    def __init__(
        self, arrivals: Sequence[float], work: Sequence[float], rules: Rules, draw_start: Callable[[], float]
    ) -> None:
        self._arrivals, self._work, self._rules, self._draw_start = arrivals, work, rules, draw_start
        self._arrived = self._served = self._checked = 0
        """Jobs that have arrived, that a worker has taken, and whose waiting time was checked: all in one order."""
        self._events: list[tuple[float, int, bool]] = []
        """When a worker becomes free, which, and whether it has just started."""
        self._born: list[float] = [0.0] * rules.min_workers
        self._idle_active: list[tuple[float, int]] = [(0.0, worker) for worker in range(rules.min_workers)]
        self._idle: deque[tuple[float, int]] = deque()
        """Since when each other idle worker has been idle: the longest first."""
        self._alive = rules.min_workers
        self._starting = 0
        self._usage = Usage()

    def run(self, seconds: float) -> Usage:
        arrivals, delay, total = self._arrivals, self._rules.queue_delay, len(self._arrivals)
        while self._served < total or self._events:
            arrival = arrivals[self._arrived] if self._arrived < total else math.inf
            event = self._events[0][0] if self._events else math.inf
            self._checked = max(self._checked, self._served)
            check = arrivals[self._checked] + delay if self._checked < self._arrived else math.inf
            if event <= arrival and event <= check:
                self._free(*heappop(self._events))
            elif check <= arrival:
                self._check(check)
            else:
                self._arrive(arrival)
        return self._close(seconds)

    def _arrive(self, now: float) -> None:
        self._stop_idle(now)
        self._arrived += 1
        if self._idle_active or self._idle:
            # The worker that became idle last: the others may then reach their timeout.
            since, worker = self._idle_active.pop() if self._idle_active else self._idle.pop()
            self._usage.idle_seconds += now - since
            self._begin(now, worker)
        elif not self._alive and self._rules.first_at_once:
            self._start(now)

    def _check(self, now: float) -> None:
        """Start a worker for a job that has waited too long, unless enough are starting for it and those before it."""
        overdue = self._checked - self._served + 1
        self._checked += 1
        if self._starting < overdue and self._alive < self._rules.max_workers:
            self._start(now)

    def _start(self, now: float) -> None:
        seconds = self._draw_start()
        self._alive += 1
        self._starting += 1
        self._usage.starts += 1
        self._usage.start_seconds += seconds
        heappush(self._events, (now + seconds, len(self._born), True))
        self._born.append(now)

    def _begin(self, now: float, worker: int) -> None:
        job = self._served
        self._served += 1
        self._usage.waits.append(now - self._arrivals[job])
        seconds = self._work[job]
        self._usage.work_seconds += seconds
        heappush(self._events, (now + seconds, worker, False))

    def _free(self, now: float, worker: int, has_started: bool) -> None:
        if has_started:
            self._starting -= 1
        if self._served < self._arrived:
            self._begin(now, worker)
        elif worker < self._rules.min_workers:
            self._idle_active.append((now, worker))
        else:
            self._idle.append((now, worker))

    def _stop_idle(self, now: float) -> None:
        timeout = self._rules.idle_timeout
        while self._idle and self._idle[0][0] + timeout <= now:
            since, worker = self._idle.popleft()
            self._alive -= 1
            self._usage.idle_seconds += timeout
            # Rounded up, except for the noise of a sum of floats.
            self._usage.billed_seconds += math.ceil(since + timeout - self._born[worker] - 1e-6)

    def _close(self, seconds: float) -> Usage:
        self._stop_idle(math.inf)
        for since, _ in self._idle_active:
            end = max(seconds, since)
            self._usage.idle_seconds += end - since
            self._usage.billed_active_seconds += math.ceil(end - 1e-6)
        return self._usage
