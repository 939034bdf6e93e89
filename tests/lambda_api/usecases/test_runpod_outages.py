"""RunPod outages of minutes or most of an hour cost time, never a job, and never a fourth execution."""

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
    """RunPod, or only its `/run`, is down for `minutes`; a job that it accepts then is done a minute later."""

    def __init__(self, minutes: float, failure: Exception = LOST, *, whole: bool = True, policy: Policy | None = None):
        self.world = World(policy=policy or Policy())
        self.ends = self.world.clock.now + int(minutes * MINUTE)
        self.run_minutes: list[float] = []
        """Times of the calls to `/run`, in minutes."""
        self._failure, self._whole = failure, whole
        self._started_at = self.world.clock.now
        self._run = self.world.provider.run
        self.world.provider.run = self.run  # type: ignore[method-assign]
        self.world.provider.default_status = ProviderStatus("IN_QUEUE")

    @property
    def job(self) -> Job:
        return self.world.store.jobs["job-1"]

    @property
    def has_ended(self) -> bool:
        return self.world.clock.now >= self.ends

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        self.run_minutes.append((self.world.clock.now - self._started_at) / MINUTE)
        if not self.has_ended:
            raise self._failure
        return self._run(endpoint_id, payload)

    def run_to_end(self) -> None:
        """Advance minute by minute until the job has finished."""
        submit_job(self.world.services, submission())
        while not self.job.is_terminal:
            self.world.clock.advance(MINUTE)
            if self.world.provider.runs:
                publish(self.world, manifest(attempt=self.job.attempt))
            self.world.provider.down = self._whole and not self.has_ended
            sweep(self.world.services, 100, lambda: True)


@pytest.mark.parametrize("minutes", [1, 2, 3, 5, 10, 30, 47])
@pytest.mark.parametrize("failure", [LOST, REFUSED, ProviderUnknown("TimeoutError")], ids=lambda error: error.reason)
@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "run alone"])
def test_outage_costs_time_and_no_job(minutes: float, failure: Exception, whole: bool) -> None:
    outage = Outage(minutes, failure, whole=whole)
    outage.run_to_end()
    assert outage.job.state is State.COMPLETED
    assert len(outage.run_minutes) <= MAX_ATTEMPTS or failure is REFUSED


@pytest.mark.parametrize("minutes", [3, 10, 30, 47, 57])
def test_waiting_job_is_dispatched_when_runpod_recovers(minutes: float) -> None:
    outage = Outage(minutes)
    outage.run_to_end()
    assert outage.job.state is State.COMPLETED
    assert minutes <= outage.run_minutes[-1] <= minutes + 2
    # The submit made one attempt; another is made late, in case only `/health` fails.
    assert len(outage.run_minutes) == (2 if minutes < 48 else 3)


def test_last_attempt_leaves_an_execution_its_full_time() -> None:
    outage = Outage(HOUR, whole=False)
    outage.run_to_end()
    assert outage.run_minutes == [0, 1, 48]
    assert outage.job.state is State.TIMED_OUT
    assert outage.job.error is not None
    assert outage.job.error.code is Code.PROVIDER_UNAVAILABLE


def test_last_attempt_waits_half_of_a_short_deadline() -> None:
    policy = Policy(job_ttl_ms=10 * MINUTE, execution_ms=10 * MINUTE)
    outage = Outage(5, whole=False, policy=policy)
    outage.run_to_end()
    assert outage.run_minutes == [0, 1, 6]
    assert outage.job.state is State.COMPLETED


def test_result_of_a_lost_attempt_is_found_before_the_last_one() -> None:
    """RunPod accepted the second attempt; its response and its webhook were lost."""
    outage = Outage(10, whole=False)
    submit_job(outage.world.services, submission())
    for _ in range(3):
        outage.world.clock.advance(MINUTE)
        sweep(outage.world.services, 100, lambda: True)
    assert (outage.run_minutes, outage.job.state) == ([0, 1], State.ACCEPTED)
    publish(outage.world, manifest(attempt=2))
    outage.world.clock.advance(MINUTE)
    sweep(outage.world.services, 100, lambda: True)
    assert outage.job.state is State.COMPLETED


def test_retry_after_never_lasts_to_the_deadline() -> None:
    outage = Outage(1, ProviderRefused("http_429", retry_after_ms=24 * HOUR))
    outage.run_to_end()
    assert (outage.job.state, outage.run_minutes) == (State.COMPLETED, [0, 48])


def test_sweep_checks_runpods_health_once() -> None:
    world = World()
    world.provider.failures = [LOST] * 20
    for _ in range(20):
        submit_job(world.services, submission())
    world.provider.down = True
    checked: list[str] = []
    health = world.provider.health

    def slow_health(endpoint_id: str) -> Mapping[str, Any]:
        checked.append(endpoint_id)
        time.sleep(0.05)
        return health(endpoint_id)

    world.provider.health = slow_health  # type: ignore[method-assign]
    for minute in range(1, 4):
        world.clock.advance(MINUTE)
        with ThreadPoolExecutor(8) as threads:
            sweep(world.services, 100, lambda: True, threads.map)
        assert len(checked) == minute
    assert (world.provider.runs, world.observer.warnings.count("dispatch_paused")) == ([], 3)
    world.provider.down = False
    world.clock.advance(MINUTE)
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 20


def test_first_attempt_does_not_wait_for_the_health_check() -> None:
    world = World()
    world.provider.failures = [REFUSED]
    submit_job(world.services, submission())
    world.provider.down = True
    world.clock.advance(MINUTE)
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 1


def test_attempt_that_runpod_lost_is_repeated_at_once() -> None:
    """The last attempt is reserved for outages: a RunPod that returns 404 is up."""
    world = World()
    world.provider.failures = [LOST]
    submit_job(world.services, submission())
    for _ in range(5):
        world.clock.advance(MINUTE)
        sweep(world.services, 100, lambda: True)
    assert [run["input"]["attempt"] for run in world.provider.runs] == [2, 3]
