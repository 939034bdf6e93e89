"""Each use case crashes or freezes at each of its boundaries; the sweeper and the next request recover."""

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
    """`begin` sets up a world and returns the act that crashes; `stimulus` is the reaction of others to silence."""

    begin: Callable[[ModelWorld], Act]
    end: State
    stimulus: Callable[[ModelWorld], object] = lambda world: None
    workers_run: bool = True
    """True if workers run the jobs that RunPod has accepted."""


def accepted(world: ModelWorld, reply: RunReply = RunReply.REFUSED) -> Job:
    """Submit a job that RunPod does not have yet and that is due."""
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


def retry_submit(world: ModelWorld) -> None:
    """Repeat the submit with its key, as a client without a response does."""
    world.runpod.reply = RunReply.ACCEPTED
    world.submit(key="k", callback=True)


def dispatching(reply: RunReply, before: RunReply = RunReply.REFUSED) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        accepted(world, before)
        world.runpod.reply = reply
        return world.sweep

    return begin


def receiving(how: Callable[[ModelWorld], object]) -> Callable[[ModelWorld], Act]:
    def begin(world: ModelWorld) -> Act:
        queued(world)
        how(world)
        return lambda: ring_webhook(world)

    return begin


def ring_webhook(world: ModelWorld) -> None:
    world.receive_webhook(world.runpod.executions[0])


def finish(world: ModelWorld) -> None:
    run_worker(world.runpod.executions[0], world.objects.objects, WorkerOutcome.FINISHED)


def forget(world: ModelWorld) -> None:
    """Let RunPod lose the job, which is old enough to be presumed lost."""
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


def repeat_cancel(world: ModelWorld) -> None:
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
        ring_webhook(world)
        world.receiver.response = answer
        return lambda: world.deliver(job.job_id)

    return begin


def deferring(up: bool) -> Callable[[ModelWorld], Act]:
    """Defer as a sweep does that is sending another callback of this owner."""

    def begin(world: ModelWorld) -> Act:
        job = queued(world)
        finish(world)
        ring_webhook(world)
        world.clock.advance(MINUTE)
        world.queue.up = up
        return lambda: world.defer(job.job_id)

    return begin


def sweeping(world: ModelWorld) -> Act:
    """Set up one due job of each kind: to settle, resubmit, dispatch, deliver and time out."""
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
    "submit": Case(submitting(RunReply.ACCEPTED), State.COMPLETED, retry_submit),
    "submit, refused": Case(submitting(RunReply.REFUSED), State.COMPLETED, retry_submit),
    "submit, response lost": Case(submitting(RunReply.LOST_BUT_ACCEPTED), State.COMPLETED, retry_submit),
    "dispatch": Case(dispatching(RunReply.ACCEPTED), State.COMPLETED),
    "dispatch, response lost": Case(
        dispatching(RunReply.LOST_BUT_ACCEPTED, RunReply.LOST_BUT_ACCEPTED), State.COMPLETED
    ),
    "dispatch, rejected": Case(dispatching(RunReply.REJECTED), State.FAILED, workers_run=False),
    "webhook of a success": Case(receiving(finish), State.COMPLETED, ring_webhook),
    "webhook of a failure": Case(
        receiving(lambda world: fail_execution(world.runpod.executions[0])), State.FAILED, ring_webhook
    ),
    "webhook of a lost job": Case(receiving(forget), State.COMPLETED, ring_webhook),
    "progress": Case(reporting, State.COMPLETED),
    "cancel": Case(cancelling(down=False), State.CANCELLED, repeat_cancel),
    "cancel, RunPod down": Case(cancelling(down=True), State.CANCELLED, repeat_cancel),
    "deadline": Case(expiring, State.TIMED_OUT, workers_run=False),
    "callback": Case(delivering(DeliveryResult(ok=True, result="http_200")), State.COMPLETED),
    "callback, failing": Case(delivering(REFUSED), State.COMPLETED),
    "callback, gone": Case(delivering(GONE), State.COMPLETED),
    "callback, deferred": Case(deferring(up=True), State.COMPLETED),
    "callback, deferred during a queue outage": Case(deferring(up=False), State.COMPLETED),
}


def count_boundaries(case: Case) -> int:
    world = ModelWorld()
    act = case.begin(world)
    world.run_with_crash(act, None)
    return world.crash_points.boundary_count


def assert_recovery(world: ModelWorld, case: Case) -> None:
    """Continue with the stimulus, a few minutes of sweeps and work, and then until every promise is kept."""
    case.stimulus(world)
    for _ in range(4):
        world.clock.advance(MINUTE)
        world.sweep()
        if case.workers_run:
            for execution in world.runpod.executions:
                run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
        world.check()
    world.run_to_end()
    assert {job.state for job in world.jobs.values()} <= {case.end}
    assert len(world.jobs) <= 1


@pytest.mark.fault("B7", "B8", "B9", "B12", "J9", "K3")
@pytest.mark.parametrize("name", CASES)
def test_crash_at_any_boundary_is_recovered(name: str) -> None:
    case = CASES[name]
    number = count_boundaries(case)
    assert number >= 6
    for at in range(number):
        world = ModelWorld()
        act = case.begin(world)
        assert world.run_with_crash(act, at) is False
        world.check()
        assert_recovery(world, case)


@pytest.mark.fault("D10", "K3")
@pytest.mark.parametrize("name", CASES)
def test_process_frozen_for_minutes_resumes_harmlessly(name: str) -> None:
    """Lambda freezes a process between two calls and may resume it much later, after others have done its work."""
    case = CASES[name]
    for at in range(count_boundaries(case)):
        world = ModelWorld()
        act = case.begin(world)

        def others(world: ModelWorld = world) -> None:
            case.stimulus(world)
            for _ in range(3):
                world.clock.advance(MINUTE)
                world.sweep()
                if case.workers_run:
                    for execution in world.runpod.executions:
                        run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
                        world.receive_webhook(execution)

        world.run_interrupted(act, at, others)
        world.check()
        assert_recovery(world, case)


@pytest.mark.fault("E2")
@pytest.mark.parametrize("name", CASES)
def test_storage_failure_at_any_boundary_is_recovered(name: str) -> None:
    """The call was not made, or it was made and its response was lost."""
    case = CASES[name]
    for at in range(count_boundaries(case)):
        world = ModelWorld()
        world.run_with_outage(case.begin(world), at)
        world.check()
        assert_recovery(world, case)


@pytest.mark.fault("E9", "K3")
def test_next_sweep_finishes_what_a_crashed_one_left() -> None:
    world = ModelWorld()
    world.run_with_crash(sweeping(world), None)
    expected = {job_id: (job.state, job.attempt) for job_id, job in world.jobs.items()}
    assert {state for state, _ in expected.values()} == {State.IN_QUEUE, State.FAILED, State.COMPLETED}
    for at in range(world.crash_points.boundary_count):
        world = ModelWorld()
        assert world.run_with_crash(sweeping(world), at) is False
        world.check()
        # The claim of a crashed dispatcher lasts for 30 s.
        world.clock.advance(MINUTE)
        world.sweep()
        world.check()
        assert {job_id: job.state for job_id, job in world.jobs.items()} == {
            job_id: state for job_id, (state, _) in expected.items()
        }
        assert all(job.attempt <= expected[job_id][1] + 1 for job_id, job in world.jobs.items())
        world.run_to_end()


@pytest.mark.fault("B8")
def test_dispatch_that_always_crashes_is_attempted_3_times() -> None:
    world = ModelWorld()
    assert world.run_with_crash(lambda: world.submit(callback=True), "after run") is False
    crashes = 1
    for _ in range(70):
        world.clock.advance(MINUTE)
        crashes += not world.run_with_crash(world.sweep, "after run")
    assert {job.state for job in world.jobs.values()} == {State.TIMED_OUT}
    assert crashes == len(world.runpod.executions) == MAX_ATTEMPTS
    assert [execution.attempt for execution in world.runpod.executions] == [1, 2, 3]
    world.run_to_end()


@pytest.mark.fault("J9")
def test_callback_that_always_crashes_is_given_up_on_schedule() -> None:
    world = ModelWorld()
    job_id = queued(world).job_id
    finish(world)
    ring_webhook(world)
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
@pytest.mark.parametrize("crashes", [0, 1, 2])
def test_job_known_only_from_its_worker_keeps_its_endpoint(crashes: int) -> None:
    """No response to `/run` was stored, another endpoint was deployed, and the first attempt's worker reports."""
    world = ModelWorld()
    world.run_with_crash(world.submit, "after run")
    execution = world.runpod.executions[0]
    world.redeploy(2)
    for _ in range(crashes):
        world.clock.advance(MINUTE)
        world.run_with_crash(world.sweep, "after run")
    world.report_progress(execution, 1)
    world.clock.advance(5 * MINUTE)
    run_worker(execution, world.objects.objects, WorkerOutcome.DIED_BEFORE_OUTPUT)
    world.sweep()
    (job,) = world.jobs.values()
    assert (job.state, job.endpoint_id, len(world.runpod.executions)) == (State.FAILED, "endpoint", 1 + crashes)
    world.check()
