"""Sweeps that do not come, and clocks that are wrong: nothing ends early, everything ends."""

from __future__ import annotations

import pytest

from lambda_api.domain.job import CallbackStatus, State
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from tests.model.strangers import Reply, Stop, work
from tests.model.universe import Universe


@pytest.mark.fault("K5")
def test_ten_minutes_without_sweeps_are_caught_up_with_in_one() -> None:
    world = Universe()
    lost, told, refused = (world.submit(callback=True) for _ in range(3))
    assert lost is not None
    assert told is not None
    assert refused is not None
    world.runpod.executions[0].known = False
    work(world.runpod.executions[1], world.objects.objects, Stop.NEVER)
    world.runpod.executions[2].status = "TIMED_OUT"
    world.runpod.reply = Reply.REFUSED
    waiting = world.submit()
    assert waiting is not None
    world.runpod.reply = Reply.TAKEN
    world.clock.advance(10 * MINUTE)
    world.sweep()
    states = [world.jobs[job.job_id].state for job in (lost, told, refused, waiting)]
    assert states == [State.IN_QUEUE, State.COMPLETED, State.TIMED_OUT, State.IN_QUEUE]
    world.clock.advance(MINUTE)
    world.sweep()
    callback = world.jobs[told.job_id].callback
    assert callback is not None
    assert callback.status is CallbackStatus.DELIVERED
    world.run_out()


@pytest.mark.fault("K5")
def test_a_deadline_that_passed_without_sweeps_is_kept_by_the_next_one() -> None:
    world = Universe()
    job = world.submit()
    assert job is not None
    world.clock.now = job.deadline_at - SECOND
    world.sweep()
    assert not world.jobs[job.job_id].terminal
    world.clock.now = job.deadline_at + 10 * MINUTE
    world.sweep()
    assert world.jobs[job.job_id].state is State.TIMED_OUT


@pytest.mark.fault("K6")
@pytest.mark.parametrize("step", ["submit", "progress", "sweep", "end", "deliver"])
def test_a_clock_that_goes_back_an_hour_at_any_step_ends_nothing_early_and_loses_nothing(step: str) -> None:
    """NTP, or another machine of Lambda's: what is stored may be later than now."""
    world = Universe()
    job = world.submit(key="k", callback=True)
    assert job is not None
    (execution,) = world.runpod.executions

    def back(now: str) -> None:
        if now == step:
            world.clock.advance(-HOUR)

    back("submit")
    world.progress(execution, 1)
    assert world.jobs[job.job_id].state is State.IN_PROGRESS
    back("progress")
    world.clock.advance(2 * MINUTE)
    world.sweep()
    assert world.jobs[job.job_id].state is State.IN_PROGRESS
    back("sweep")
    work(execution, world.objects.objects, Stop.NEVER)
    world.ring(execution)
    ended = world.jobs[job.job_id]
    assert ended.state is State.COMPLETED
    assert ended.started_at is not None
    back("end")
    world.deliver(job.job_id)
    back("deliver")
    again = world.submit(key="k", callback=True)
    assert again is not None
    assert again.job_id == job.job_id
    world.run_out()
    assert len(world.receiver.posts[f"msg_{job.job_id}"]) == 1
