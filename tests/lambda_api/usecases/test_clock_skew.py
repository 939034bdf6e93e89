"""Missing sweeps, wrong clocks and expired rows: no job ends early, and every job ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambda_api.domain.job import CallbackStatus, State
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult
from lambda_api.usecases.sweep import sweep
from tests.model.external_systems import RunReply, WorkerOutcome, run_worker
from tests.model.world import ModelWorld
from tests.support.fakes import FakeStore

DAY = 24 * HOUR


@pytest.mark.fault("K5")
def test_one_sweep_catches_up_after_ten_minutes() -> None:
    world = ModelWorld()
    lost, completed, refused = (world.submit(callback=True) for _ in range(3))
    assert lost is not None
    assert completed is not None
    assert refused is not None
    world.runpod.executions[0].known = False
    run_worker(world.runpod.executions[1], world.objects.objects, WorkerOutcome.FINISHED)
    world.runpod.executions[2].status = "TIMED_OUT"
    world.runpod.reply = RunReply.REFUSED
    waiting = world.submit()
    assert waiting is not None
    world.runpod.reply = RunReply.ACCEPTED
    world.clock.advance(10 * MINUTE)
    world.sweep()
    states = [world.jobs[job.job_id].state for job in (lost, completed, refused, waiting)]
    assert states == [State.IN_QUEUE, State.COMPLETED, State.TIMED_OUT, State.IN_QUEUE]
    world.clock.advance(MINUTE)
    world.sweep()
    callback = world.jobs[completed.job_id].callback
    assert callback is not None
    assert callback.status is CallbackStatus.DELIVERED
    world.run_to_end()


@pytest.mark.fault("K5")
def test_next_sweep_enforces_a_missed_deadline() -> None:
    world = ModelWorld()
    job = world.submit()
    assert job is not None
    world.clock.now = job.deadline_at - SECOND
    world.sweep()
    assert not world.jobs[job.job_id].is_terminal
    world.clock.now = job.deadline_at + 10 * MINUTE
    world.sweep()
    assert world.jobs[job.job_id].state is State.TIMED_OUT


@pytest.mark.fault("K6")
@pytest.mark.parametrize("step", ["submit", "progress", "sweep", "end", "deliver"])
def test_clock_going_back_an_hour_loses_nothing(step: str) -> None:
    """NTP or another Lambda host: stored times may be later than now."""
    world = ModelWorld()
    job = world.submit(key="k", callback=True)
    assert job is not None
    (execution,) = world.runpod.executions

    def go_back(now: str) -> None:
        if now == step:
            world.clock.advance(-HOUR)

    go_back("submit")
    world.report_progress(execution, 1)
    assert world.jobs[job.job_id].state is State.IN_PROGRESS
    go_back("progress")
    world.clock.advance(2 * MINUTE)
    world.sweep()
    assert world.jobs[job.job_id].state is State.IN_PROGRESS
    go_back("sweep")
    run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
    world.receive_webhook(execution)
    ended = world.jobs[job.job_id]
    assert ended.state is State.COMPLETED
    assert ended.started_at is not None
    go_back("end")
    world.deliver(job.job_id)
    go_back("deliver")
    repeated = world.submit(key="k", callback=True)
    assert repeated is not None
    assert repeated.job_id == job.job_id
    world.run_to_end()
    assert len(world.receiver.posts[f"msg_{job.job_id}"]) == 1


def one_day_world() -> ModelWorld:
    return ModelWorld(lambda clock: FakeStore(clock, retention_ms=DAY))


def test_short_retention_does_not_shorten_the_callbacks() -> None:
    world = one_day_world()
    job = world.submit(callback=True)
    assert job is not None
    run_worker(world.runpod.executions[0], world.objects.objects, WorkerOutcome.FINISHED)
    world.receiver.response = DeliveryResult(ok=False, result="http_500")
    world.run_to_end()
    callback = world.jobs[job.job_id].callback
    assert callback is not None
    assert (callback.status, callback.attempts) == (CallbackStatus.GIVEN_UP, 9)
    # The outcome can still be read.
    assert world.services.store.get(job.job_id) == world.jobs[job.job_id]


def test_deadline_as_late_as_the_retention_is_enforced() -> None:
    world = one_day_world()
    world.services = replace(world.services, policy=replace(world.services.policy, job_ttl_ms=DAY))
    job = world.submit(callback=True)
    assert job is not None
    world.run_to_end()
    assert world.jobs[job.job_id].state is State.TIMED_OUT


def test_long_overdue_jobs_do_not_block_new_ones() -> None:
    world = one_day_world()
    late = [world.submit() for _ in range(10)]
    world.clock.advance(30 * DAY)
    new = world.submit()
    assert new is not None
    for _ in range(3):
        world.clock.advance(MINUTE)
        sweep(world.services, len(late), lambda: True)
    assert {world.jobs[job.job_id].state for job in late if job is not None} == {State.TIMED_OUT}
    due_at = world.jobs[new.job_id].due_at
    assert due_at is not None
    assert due_at > world.clock.now
