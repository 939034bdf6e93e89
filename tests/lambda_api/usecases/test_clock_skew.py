"""Sweeps that do not come, clocks that are wrong, rows past their time: nothing ends early, everything ends."""

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
def test_ten_minutes_without_sweeps_are_caught_up_with_in_one() -> None:
    world = ModelWorld()
    lost, told, refused = (world.submit(callback=True) for _ in range(3))
    assert lost is not None
    assert told is not None
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
    states = [world.jobs[job.job_id].state for job in (lost, told, refused, waiting)]
    assert states == [State.IN_QUEUE, State.COMPLETED, State.TIMED_OUT, State.IN_QUEUE]
    world.clock.advance(MINUTE)
    world.sweep()
    callback = world.jobs[told.job_id].callback
    assert callback is not None
    assert callback.status is CallbackStatus.DELIVERED
    world.run_to_end()


@pytest.mark.fault("K5")
def test_a_deadline_that_passed_without_sweeps_is_kept_by_the_next_one() -> None:
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
def test_a_clock_that_goes_back_an_hour_at_any_step_ends_nothing_early_and_loses_nothing(step: str) -> None:
    """NTP, or another machine of Lambda's: what is stored may be later than now."""
    world = ModelWorld()
    job = world.submit(key="k", callback=True)
    assert job is not None
    (execution,) = world.runpod.executions

    def back(now: str) -> None:
        if now == step:
            world.clock.advance(-HOUR)

    back("submit")
    world.report_progress(execution, 1)
    assert world.jobs[job.job_id].state is State.IN_PROGRESS
    back("progress")
    world.clock.advance(2 * MINUTE)
    world.sweep()
    assert world.jobs[job.job_id].state is State.IN_PROGRESS
    back("sweep")
    run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
    world.receive_webhook(execution)
    ended = world.jobs[job.job_id]
    assert ended.state is State.COMPLETED
    assert ended.started_at is not None
    back("end")
    world.deliver(job.job_id)
    back("deliver")
    again = world.submit(key="k", callback=True)
    assert again is not None
    assert again.job_id == job.job_id
    world.run_to_end()
    assert len(world.receiver.posts[f"msg_{job.job_id}"]) == 1


def kept_for_a_day() -> ModelWorld:
    return ModelWorld(lambda clock: FakeStore(clock, retention_ms=DAY))


def test_a_receiver_that_is_down_is_given_up_on_schedule_however_short_the_retention_is() -> None:
    world = kept_for_a_day()
    job = world.submit(callback=True)
    assert job is not None
    run_worker(world.runpod.executions[0], world.objects.objects, WorkerOutcome.FINISHED)
    world.receiver.response = DeliveryResult(ok=False, result="http_500")
    world.run_to_end()
    callback = world.jobs[job.job_id].callback
    assert callback is not None
    assert (callback.status, callback.attempts) == (CallbackStatus.GIVEN_UP, 9)
    # And it can be read that it was.
    assert world.services.store.get(job.job_id) == world.jobs[job.job_id]


def test_a_deadline_as_late_as_the_retention_is_kept() -> None:
    world = kept_for_a_day()
    world.services = replace(world.services, policy=replace(world.services.policy, job_ttl_ms=DAY))
    job = world.submit(callback=True)
    assert job is not None
    world.run_to_end()
    assert world.jobs[job.job_id].state is State.TIMED_OUT


def test_jobs_that_nobody_attended_to_for_long_keep_no_other_from_the_sweeper() -> None:
    world = kept_for_a_day()
    late = [world.submit() for _ in range(10)]
    world.clock.advance(30 * DAY)
    new = world.submit()
    assert new is not None
    for _ in range(3):
        world.clock.advance(MINUTE)
        sweep(world.services, len(late), lambda: True)
    assert {world.jobs[job.job_id].state for job in late if job is not None} == {State.TIMED_OUT}
    looked_at = world.jobs[new.job_id].due_at
    assert looked_at is not None
    assert looked_at > world.clock.now
