"""Each use case dies, or is frozen for long, at each of its boundaries: the sweeper and the next knock make it good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lambda_api.domain.job import CallbackStatus, Job, State
from lambda_api.domain.policy import HOUR, MAX_ATTEMPTS, MAX_CALLBACK_ATTEMPTS, MINUTE
from lambda_api.domain.ports import DeliveryResult
from tests.model.external_systems import RunReply, WorkerOutcome, fail_execution, run_worker
from tests.model.world import ModelWorld

Act = Callable[[], object]
REFUSED = DeliveryResult(ok=False, result="http_500")
GONE = DeliveryResult(ok=False, result="http_410", final=True)


@dataclass(frozen=True)
class Case:
    """`begin` leads to the moment and returns what then dies; `knock` is what the world does about silence."""

    begin: Callable[[ModelWorld], Act]
    ends: State
    knock: Callable[[ModelWorld], object] = lambda world: None
    works: bool = True
    """Whether the workers do what RunPod has taken."""


def accepted(world: ModelWorld, reply: RunReply = RunReply.REFUSED) -> Job:
    """A job that RunPod does not have yet, due for the sweeper."""
    world.runpod.reply = reply
    job = world.submit(key="k", callback=True)
    assert job is not None
    world.runpod.reply = RunReply.ACCEPTED
    world.clock.advance(MINUTE)
    return job


def queued(world: ModelWorld) -> Job:
    job = world.submit(key="k", callback=True)
    assert job is not None
    return job


def submitting(reply: RunReply) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        world.runpod.reply = reply
        return lambda: world.submit(key="k", callback=True)

    return begin


def again(world: ModelWorld) -> None:
    """The client heard nothing and asks again, with its key."""
    world.runpod.reply = RunReply.ACCEPTED
    world.submit(key="k", callback=True)


def dispatching(reply: RunReply, before: RunReply = RunReply.REFUSED) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        accepted(world, before)
        world.runpod.reply = reply
        return world.sweep

    return begin


def ringing(how: Callable[[ModelWorld], object]) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        queued(world)
        how(world)
        return lambda: ring(world)

    return begin


def ring(world: ModelWorld) -> None:
    world.receive_webhook(world.runpod.executions[0])


def finish(world: ModelWorld) -> None:
    run_worker(world.runpod.executions[0], world.objects.objects, WorkerOutcome.FINISHED)


def forget(world: ModelWorld) -> None:
    """RunPod loses it: old enough to be taken for lost."""
    world.clock.advance(2 * MINUTE)
    world.runpod.executions[0].known = False


def reporting(world: ModelWorld) -> Act:
    queued(world)
    return lambda: world.report_progress(world.runpod.executions[0], 2)


def cancelling(down: bool) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        job = queued(world)
        world.runpod.down = down
        return lambda: world.cancel(job.job_id)

    return begin


def cancel_again(world: ModelWorld) -> None:
    world.runpod.down = False
    for job_id in world.jobs:
        world.cancel(job_id)


def expiring(world: ModelWorld) -> Act:
    queued(world)
    world.clock.advance(HOUR)
    return world.sweep


def delivering(answer: DeliveryResult) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        job = queued(world)
        finish(world)
        ring(world)
        world.receiver.response = answer
        return lambda: world.deliver(job.job_id)

    return begin


def leaving(up: bool) -> Callable[[ModelWorld], Act]:
    """A sweep has another callback of this owner's in hand."""

    def begin(world: ModelWorld) -> Act:
        job = queued(world)
        finish(world)
        ring(world)
        world.clock.advance(MINUTE)
        world.queue.up = up
        return lambda: world.defer(job.job_id)

    return begin


def sweeping(world: ModelWorld) -> Act:
    """One of each kind is due: to be settled, sent again, dispatched, delivered, timed out."""
    world.submit()
    forget(world)
    world.submit(callback=True)
    run_worker(world.runpod.executions[1], world.objects.objects, WorkerOutcome.FINISHED)
    world.receive_webhook(world.runpod.executions[1])
    world.submit()
    fail_execution(world.runpod.executions[2])
    accepted(world)
    return world.sweep


CASES = {
    "submit": Case(submitting(RunReply.ACCEPTED), State.COMPLETED, again),
    "submit, refused": Case(submitting(RunReply.REFUSED), State.COMPLETED, again),
    "submit, answer lost": Case(submitting(RunReply.LOST_BUT_ACCEPTED), State.COMPLETED, again),
    "dispatch": Case(dispatching(RunReply.ACCEPTED), State.COMPLETED),
    "dispatch, answer lost": Case(dispatching(RunReply.LOST_BUT_ACCEPTED, RunReply.LOST_BUT_ACCEPTED), State.COMPLETED),
    "dispatch, rejected": Case(dispatching(RunReply.REJECTED), State.FAILED, works=False),
    "web hook of a success": Case(ringing(finish), State.COMPLETED, ring),
    "web hook of a failure": Case(
        ringing(lambda world: fail_execution(world.runpod.executions[0])), State.FAILED, ring
    ),
    "web hook of a lost job": Case(ringing(forget), State.COMPLETED, ring),
    "progress": Case(reporting, State.COMPLETED),
    "cancel": Case(cancelling(down=False), State.CANCELLED, cancel_again),
    "cancel, RunPod down": Case(cancelling(down=True), State.CANCELLED, cancel_again),
    "deadline": Case(expiring, State.TIMED_OUT, works=False),
    "callback": Case(delivering(DeliveryResult(ok=True, result="http_200")), State.COMPLETED),
    "callback, failing": Case(delivering(REFUSED), State.COMPLETED),
    "callback, gone": Case(delivering(GONE), State.COMPLETED),
    "callback, left to the queue": Case(leaving(up=True), State.COMPLETED),
    "callback, left to a queue that is not there": Case(leaving(up=False), State.COMPLETED),
}


def boundaries(case: Case) -> int:
    world = ModelWorld()
    act = case.begin(world)
    world.run_with_crash(act, None)
    return world.crash_points.boundary_count


def recovered(world: ModelWorld, case: Case) -> None:
    """The world goes on: knocks, a few minutes of sweeps and work, and then to the end of all promises."""
    case.knock(world)
    for _ in range(4):
        world.clock.advance(MINUTE)
        world.sweep()
        if case.works:
            for execution in world.runpod.executions:
                run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
        world.check()
    world.run_to_end()
    assert {job.state for job in world.jobs.values()} <= {case.ends}
    assert len(world.jobs) <= 1


@pytest.mark.fault("B7", "B8", "B9", "B12", "J9", "K3")
@pytest.mark.parametrize("name", CASES)
def test_a_death_at_any_boundary_is_made_good(name: str) -> None:
    case = CASES[name]
    number = boundaries(case)
    assert number >= 6
    for at in range(number):
        world = ModelWorld()
        act = case.begin(world)
        assert world.run_with_crash(act, at) is False
        world.check()
        recovered(world, case)


@pytest.mark.fault("D10", "K3")
@pytest.mark.parametrize("name", CASES)
def test_a_process_that_was_frozen_for_minutes_does_no_harm_when_it_goes_on(name: str) -> None:
    """Lambda stops a process between two calls and may let it go on much later, when others have done its work."""
    case = CASES[name]
    for at in range(boundaries(case)):
        world = ModelWorld()
        act = case.begin(world)

        def others(world: ModelWorld = world) -> None:
            case.knock(world)
            for _ in range(3):
                world.clock.advance(MINUTE)
                world.sweep()
                if case.works:
                    for execution in world.runpod.executions:
                        run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
                        world.receive_webhook(execution)

        world.run_interrupted(act, at, others)
        world.check()
        recovered(world, case)


@pytest.mark.fault("E2")
@pytest.mark.parametrize("name", CASES)
def test_a_store_or_bucket_that_fails_at_any_boundary_is_made_good(name: str) -> None:
    """The call was not made, or it was made and its answer got lost."""
    case = CASES[name]
    for at in range(boundaries(case)):
        world = ModelWorld()
        world.run_with_outage(case.begin(world), at)
        world.check()
        recovered(world, case)


@pytest.mark.fault("E9", "K3")
def test_a_sweeper_that_dies_half_way_leaves_the_rest_to_the_next() -> None:
    world = ModelWorld()
    world.run_with_crash(sweeping(world), None)
    whole = {job_id: (job.state, job.attempt) for job_id, job in world.jobs.items()}
    assert {state for state, _ in whole.values()} == {State.IN_QUEUE, State.FAILED, State.COMPLETED}
    for at in range(world.crash_points.boundary_count):
        world = ModelWorld()
        assert world.run_with_crash(sweeping(world), at) is False
        world.check()
        # A claim that its holder did not live to use lasts for half a minute.
        world.clock.advance(MINUTE)
        world.sweep()
        world.check()
        assert {job_id: job.state for job_id, job in world.jobs.items()} == {
            job_id: state for job_id, (state, _) in whole.items()
        }
        assert all(job.attempt <= whole[job_id][1] + 1 for job_id, job in world.jobs.items())
        world.run_to_end()


@pytest.mark.fault("B8")
def test_a_dispatch_that_kills_its_process_each_time_is_not_repeated_for_ever() -> None:
    world = ModelWorld()
    assert world.run_with_crash(lambda: world.submit(callback=True), "after run") is False
    deaths = 1
    for _ in range(70):
        world.clock.advance(MINUTE)
        deaths += not world.run_with_crash(world.sweep, "after run")
    assert {job.state for job in world.jobs.values()} == {State.TIMED_OUT}
    assert deaths == len(world.runpod.executions) == MAX_ATTEMPTS
    assert [execution.attempt for execution in world.runpod.executions] == [1, 2, 3]
    world.run_to_end()


@pytest.mark.fault("J9")
def test_a_callback_that_kills_its_process_each_time_is_given_up_on_schedule() -> None:
    world = ModelWorld()
    job_id = queued(world).job_id
    finish(world)
    ring(world)
    began = world.clock()
    for _ in range(2 * MAX_CALLBACK_ATTEMPTS):
        world.clock.now = world.jobs[job_id].due_at or world.clock.now
        world.run_with_crash(lambda: world.deliver(job_id), "after send")
    callback = world.jobs[job_id].callback
    assert callback is not None
    assert (callback.status, callback.last_result) == (CallbackStatus.GIVEN_UP, "interrupted")
    assert len(world.receiver.posts[f"msg_{job_id}"]) == callback.attempts == MAX_CALLBACK_ATTEMPTS
    assert world.clock() - began > 40 * HOUR
    world.check()


@pytest.mark.fault("C10")
@pytest.mark.parametrize("deaths", [0, 1, 2])
def test_a_job_that_only_its_worker_told_of_keeps_its_endpoint(deaths: int) -> None:
    """No answer to `/run` was ever stored, another endpoint was deployed, and the first attempt's worker reports."""
    world = ModelWorld()
    world.run_with_crash(world.submit, "after run")
    execution = world.runpod.executions[0]
    world.redeploy(2)
    for _ in range(deaths):
        world.clock.advance(MINUTE)
        world.run_with_crash(world.sweep, "after run")
    world.report_progress(execution, 1)
    world.clock.advance(5 * MINUTE)
    run_worker(execution, world.objects.objects, WorkerOutcome.DIED_BEFORE_OUTPUT)
    world.sweep()
    (job,) = world.jobs.values()
    assert (job.state, job.endpoint_id, len(world.runpod.executions)) == (State.FAILED, "endpoint", 1 + deaths)
    world.check()
