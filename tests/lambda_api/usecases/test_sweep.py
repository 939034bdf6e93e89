"""The sweep: due, poisoned and overdue jobs."""

from __future__ import annotations

import pytest

from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.keys import manifest_key
from lambda_api.domain.policy import MINUTE, SECOND
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderRejected, ProviderStatus, ProviderUnknown
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import OVERDUE_MS, sweep
from tests.support.examples import advance_and_sweep, manifest, publish, stored_job, submission
from tests.support.fakes import World

pytestmark = pytest.mark.usefixtures("running_job")


@pytest.mark.fault("D1")
def test_sweeper_settles_after_a_lost_webhook(world: World) -> None:
    publish(world, manifest())
    advance_and_sweep(world)
    assert (stored_job(world).state, stored_job(world).settled_by) == (State.COMPLETED, Source.SWEEPER)


@pytest.mark.fault("E8")
def test_concurrent_sweeps_dispatch_once() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_503")]
    submit_job(world.services, submission())
    world.clock.advance(15 * SECOND)
    world.store.before_save = lambda _: sweep(world.services, 100, lambda: True) and None
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 1


@pytest.mark.fault("E3")
def test_stale_due_index_is_harmless(world: World) -> None:
    world.store.due = lambda now, limit: iter(["job-1", "job-404"])  # type: ignore[method-assign]
    status_calls, runs = world.provider.status_calls, len(world.provider.runs)
    sweep(world.services, 100, lambda: True)
    assert (world.provider.status_calls, len(world.provider.runs)) == (status_calls, runs)


def test_poisoned_job_does_not_stop_the_sweep(world: World) -> None:
    submit_job(world.services, submission())
    world.store.jobs["job-1"] = world.store.jobs["job-1"].__class__(
        **{f: getattr(stored_job(world), f) for f in stored_job(world).__slots__} | {"endpoint_id": object()}
    )
    world.provider.statuses["runpod-2"] = ProviderStatus("IN_PROGRESS")
    original = world.store.get
    world.store.get = lambda job_id: raise_poison() if job_id == "job-1" else original(job_id)  # type: ignore[method-assign]
    world.clock.advance(2 * MINUTE)
    result = sweep(world.services, 100, lambda: True)
    assert (result.handled, result.failed) == (2, 1)
    assert world.store.jobs["job-2"].state is State.IN_PROGRESS


def raise_poison() -> Job:
    raise RuntimeError("poison")


def test_sweep_stops_when_its_time_is_up(world: World) -> None:
    world.clock.advance(2 * MINUTE)
    assert sweep(world.services, 100, lambda: False).handled == 0


def test_job_due_for_over_five_minutes_is_overdue(world: World) -> None:
    world.clock.now = (stored_job(world).due_at or 0) + OVERDUE_MS
    assert sweep(world.services, 100, lambda: True).overdue == 0
    world.clock.now = (stored_job(world).due_at or 0) + OVERDUE_MS + 1
    world.provider.failures = [ProviderError("down")]
    assert sweep(world.services, 100, lambda: True).overdue == 1


def test_poisoned_job_can_be_overdue(world: World) -> None:
    world.clock.now = (stored_job(world).due_at or 0) + OVERDUE_MS + 1
    world.store.before_save = lambda _: raise_poison() and None  # type: ignore[func-returns-value]
    result = sweep(world.services, 100, lambda: True)
    assert (result.failed, result.overdue) == (1, 1)


@pytest.mark.parametrize("has_result", [True, False])
def test_sweep_reads_the_bucket_once_per_job(has_result: bool) -> None:
    world = World()
    world.provider.failures = [ProviderUnknown("reset")]
    submit_job(world.services, submission())
    if has_result:
        publish(world, manifest())
    reads: list[str] = []
    read = world.objects.read

    def counting_read(key: str, max_bytes: int) -> bytes | None:
        reads.append(key)
        return read(key, max_bytes)

    world.objects.read = counting_read  # type: ignore[method-assign]
    advance_and_sweep(world)
    assert reads == [manifest_key("job-1")]
    assert world.store.jobs["job-1"].state is (State.COMPLETED if has_result else State.IN_QUEUE)


def test_job_rejected_in_a_sweep_is_settled_by_the_sweeper() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_503"), ProviderRejected("http_400")]
    submit_job(world.services, submission())
    advance_and_sweep(world)
    assert (world.store.jobs["job-1"].state, world.store.jobs["job-1"].settled_by) == (State.FAILED, Source.SWEEPER)
