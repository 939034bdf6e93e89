"""RunPod out of order for minutes or for most of an hour: it costs time, never a job, and never a fourth execution."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contract.errors import Code
from lambda_api.domain.job import Job, State
from lambda_api.domain.policy import HOUR, MAX_ATTEMPTS, MINUTE, Policy
from lambda_api.domain.ports import ProviderRefused, ProviderStatus, ProviderUnknown
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import World

LOST, REFUSED = ProviderUnknown("http_502"), ProviderRefused("http_503")


class Outage:
    """RunPod answers to nothing, or only not to `/run`, for so long; a job it takes then is done a minute later."""

    def __init__(self, minutes: float, failure: Exception = LOST, *, whole: bool = True, policy: Policy | None = None):
        self.world = World(policy=policy or Policy())
        self.ends = self.world.clock.now + int(minutes * MINUTE)
        self.asked: list[float] = []
        """When `/run` was, in minutes."""
        self._failure, self._whole = failure, whole
        self._began = self.world.clock.now
        self._run = self.world.provider.run
        self.world.provider.run = self.run  # type: ignore[method-assign]
        self.world.provider.default_status = ProviderStatus("IN_QUEUE")

    @property
    def job(self) -> Job:
        return self.world.store.jobs["job-1"]

    @property
    def over(self) -> bool:
        return self.world.clock.now >= self.ends

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        self.asked.append((self.world.clock.now - self._began) / MINUTE)
        if not self.over:
            raise self._failure
        return self._run(endpoint_id, payload)

    def pass_by(self) -> None:
        """Minute after minute, to the job's end."""
        submit_job(self.world.services, submission())
        while not self.job.is_terminal:
            self.world.clock.advance(MINUTE)
            if self.world.provider.runs:
                publish(self.world, manifest(attempt=self.job.attempt))
            self.world.provider.down = self._whole and not self.over
            sweep(self.world.services, 100, lambda: True)


@pytest.mark.parametrize("minutes", [1, 2, 3, 5, 10, 30, 47])
@pytest.mark.parametrize("failure", [LOST, REFUSED, ProviderUnknown("TimeoutError")], ids=lambda error: error.reason)
@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "run alone"])
def test_an_outage_costs_time_and_no_job(minutes: float, failure: Exception, whole: bool) -> None:
    outage = Outage(minutes, failure, whole=whole)
    outage.pass_by()
    assert outage.job.state is State.COMPLETED
    assert len(outage.asked) <= MAX_ATTEMPTS or failure is REFUSED


@pytest.mark.parametrize("minutes", [3, 10, 30, 47, 57])
def test_whoever_waits_for_all_of_runpod_is_dispatched_as_soon_as_it_answers(minutes: float) -> None:
    outage = Outage(minutes)
    outage.pass_by()
    assert outage.job.state is State.COMPLETED
    assert minutes <= outage.asked[-1] <= minutes + 2
    # One attempt was the submit's, and one is made when it is late, in case that only the question is not answered.
    assert len(outage.asked) == (2 if minutes < 48 else 3)


def test_the_last_attempt_leaves_an_execution_its_time() -> None:
    outage = Outage(HOUR, whole=False)
    outage.pass_by()
    assert outage.asked == [0, 1, 48]
    assert outage.job.state is State.TIMED_OUT
    assert outage.job.error is not None
    assert outage.job.error.code is Code.PROVIDER_UNAVAILABLE


def test_where_an_execution_may_take_all_of_the_time_half_of_it_is_waited_for() -> None:
    policy = Policy(job_ttl_ms=10 * MINUTE, execution_ms=10 * MINUTE)
    outage = Outage(5, whole=False, policy=policy)
    outage.pass_by()
    assert outage.asked == [0, 1, 6]
    assert outage.job.state is State.COMPLETED


def test_what_a_lost_attempt_made_is_found_while_the_last_one_is_kept() -> None:
    """RunPod took the second attempt, its answer and its web hook got lost."""
    outage = Outage(10, whole=False)
    submit_job(outage.world.services, submission())
    for _ in range(3):
        outage.world.clock.advance(MINUTE)
        sweep(outage.world.services, 100, lambda: True)
    assert (outage.asked, outage.job.state) == ([0, 1], State.ACCEPTED)
    publish(outage.world, manifest(attempt=2))
    outage.world.clock.advance(MINUTE)
    sweep(outage.world.services, 100, lambda: True)
    assert outage.job.state is State.COMPLETED


def test_a_pause_that_runpod_asks_for_does_not_last_to_the_deadline() -> None:
    outage = Outage(1, ProviderRefused("http_429", retry_after_ms=24 * HOUR))
    outage.pass_by()
    assert (outage.job.state, outage.asked) == (State.COMPLETED, [0, 48])


def test_one_sweep_asks_once_how_runpod_is_whoever_waits_for_it() -> None:
    world = World()
    world.provider.failures = [LOST] * 20
    for _ in range(20):
        submit_job(world.services, submission())
    world.provider.down = True
    asked: list[str] = []
    health = world.provider.health

    def slowly(endpoint_id: str) -> Mapping[str, Any]:
        asked.append(endpoint_id)
        time.sleep(0.05)
        return health(endpoint_id)

    world.provider.health = slowly  # type: ignore[method-assign]
    for minute in range(1, 4):
        world.clock.advance(MINUTE)
        with ThreadPoolExecutor(8) as threads:
            sweep(world.services, 100, lambda: True, threads.map)
        assert len(asked) == minute
    assert (world.provider.runs, world.observer.warnings.count("dispatch_paused")) == ([], 3)
    world.provider.down = False
    world.clock.advance(MINUTE)
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 20


def test_jobs_that_were_never_asked_for_do_not_wait_for_the_question() -> None:
    world = World()
    world.provider.failures = [REFUSED]
    submit_job(world.services, submission())
    world.provider.down = True
    world.clock.advance(MINUTE)
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 1


def test_an_attempt_that_runpod_lost_is_made_again_at_once() -> None:
    """What is kept is kept for silence: a RunPod that says that it has no such job works."""
    world = World()
    world.provider.failures = [LOST]
    submit_job(world.services, submission())
    for _ in range(5):
        world.clock.advance(MINUTE)
        sweep(world.services, 100, lambda: True)
    assert [run["input"]["attempt"] for run in world.provider.runs] == [2, 3]
