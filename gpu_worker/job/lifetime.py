"""Measure what RunPod bills of a worker outside of its executions: its start, and its waits for jobs.

RunPod bills a worker from its start until it has stopped. It may also freeze a worker that waits (FlashBoot) and go on
with it hours later, unbilled. A frozen process does not notice, so a thread marks the time while the process is awake,
and only marked time counts as a wait.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_MARK_SECONDS = 0.25
_ASLEEP_SECONDS = 2.0
"""A longer pause between two marks is a freeze: no scheduler lets a thread wait that long."""
_START_TIME = 19
"""Position of `starttime` among the fields of /proc/self/stat that follow the name (proc(5), field 22)."""


class Wait(NamedTuple):
    """The worker's start and wait before a job."""

    start_ms: int
    """From the start of the process until it could take jobs; 0 from its second job on."""
    idle_ms: int
    """Waiting for this job, since the end of the one before or since the start."""


class Lifetime:
    """The phases of one worker process. Jobs may overlap: a wait ends with the first and begins after the last."""

    def __init__(self, started: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`started`: by `clock`, in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._start_seconds = max(0.0, clock() - started)
        self._marked = clock()
        self._idle_seconds = 0.0
        self._running = 0

    def mark(self) -> None:
        """Count the time since the last mark as a wait, unless a job is running or the process was frozen."""
        with self._lock:
            self._mark()

    def _mark(self) -> None:
        now = self._clock()
        passed, self._marked = now - self._marked, now
        if not self._running:
            self._idle_seconds += passed if passed < _ASLEEP_SECONDS else _MARK_SECONDS

    def begin_job(self) -> Wait:
        """Return what preceded the job that begins now."""
        with self._lock:
            self._mark()
            self._running += 1
            wait = Wait(round(self._start_seconds * 1000), round(self._idle_seconds * 1000))
            self._start_seconds = self._idle_seconds = 0.0
            return wait

    def end_job(self) -> None:
        """Begin to wait, if no other job is running."""
        with self._lock:
            self._mark()
            self._running -= 1

    def keep_marking(self) -> None:
        """Mark from a thread of its own until the process ends."""
        threading.Thread(target=self._mark_forever, name="lifetime", daemon=True).start()

    def _mark_forever(self) -> None:
        while True:
            time.sleep(_MARK_SECONDS)
            self.mark()


def process_start() -> float:
    """Return when this process started, in seconds of `time.monotonic`; now if the system does not tell.

    The container starts with this process: its time before is RunPod's (pull and boot).
    """
    now = time.monotonic()
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        started = int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
        return now - max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)
    except (OSError, ValueError, IndexError, AttributeError):
        return now
