"""The phases of a worker that RunPod bills besides its executions."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from gpu_worker.job.lifetime import Lifetime, Wait, process_start


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def wait(clock: Clock, lifetime: Lifetime, seconds: float) -> None:
    """Let time pass in a process that is awake."""
    for _ in range(round(seconds / 0.25)):
        clock.now += 0.25
        lifetime.mark()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lifetime(clock: Clock) -> Lifetime:
    return Lifetime(clock.now - 7.5, clock)


def test_first_job_follows_the_start_and_each_other_one_a_wait(clock: Clock, lifetime: Lifetime) -> None:
    wait(clock, lifetime, 1.5)
    assert lifetime.begin_job() == Wait(7500, 1500)
    wait(clock, lifetime, 60)
    lifetime.end_job()
    wait(clock, lifetime, 4.5)
    assert lifetime.begin_job() == Wait(0, 4500)
    lifetime.end_job()
    clock.now += 0.1
    assert lifetime.begin_job() == Wait(0, 100)


def test_frozen_time_is_not_a_wait(clock: Clock, lifetime: Lifetime) -> None:
    """RunPod freezes a worker that it may need again, and bills nothing until it goes on."""
    lifetime.begin_job()
    lifetime.end_job()
    wait(clock, lifetime, 5)
    clock.now += 3600
    lifetime.mark()
    wait(clock, lifetime, 1)
    assert lifetime.begin_job() == Wait(0, 6250)


def test_wait_begins_after_the_last_of_overlapping_jobs(clock: Clock, lifetime: Lifetime) -> None:
    lifetime.begin_job()
    wait(clock, lifetime, 2)
    assert lifetime.begin_job() == Wait(0, 0)
    lifetime.end_job()
    wait(clock, lifetime, 2)
    lifetime.end_job()
    wait(clock, lifetime, 3)
    assert lifetime.begin_job() == Wait(0, 3000)


def test_process_start_is_before_its_first_line() -> None:
    program = (
        "import time; first = time.monotonic()\n"
        "from gpu_worker.job.lifetime import process_start\n"
        "started = process_start()\n"
        "print(started < first + 0.02, first - started < 10)"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert shown.stdout.split() == ["True", "True"]
    assert process_start() <= time.monotonic()
