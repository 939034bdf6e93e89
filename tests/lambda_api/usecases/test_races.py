"""Two processes at one job, in every order in which their calls can happen; and many at once over a real protocol."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.events import Dispatched
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.policy import HOUR, MINUTE
from lambda_api.domain.ports import ProviderRefused
from lambda_api.domain.transitions import Change, apply
from lambda_api.usecases.settle_job import settle_job
from lambda_api.usecases.submit_job import submit_job
from tests.model.crash_points import CrashPoints
from tests.model.external_systems import RunReply, WorkerOutcome, fail_execution, run_worker
from tests.model.scheduler import SHARED_CALLS, Act, explore_orders
from tests.model.world import ModelWorld
from tests.support.aws import Aws, table
from tests.support.examples import submission
from tests.support.fakes import START, World

Acts = Sequence[Act]


def every_order(
    begin: Callable[[ModelWorld], Acts],
    holds: Callable[[ModelWorld, Job], bool],
    *,
    workers: bool = True,
    calls: Set[str] = SHARED_CALLS,
) -> None:
    """`begin` leads one job to the moment; `holds` is asked right after it, before time and sweeps make things good."""
    seen: set[State] = set()

    def run() -> tuple[CrashPoints, Acts, Callable[[], None]]:
        world = ModelWorld()
        acts = begin(world)

        def check() -> None:
            world.check()
            (job,) = world.jobs.values()
            assert holds(world, job), job
            if workers:
                for execution in world.runpod.executions:
                    run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)
            world.run_to_end()
            seen.add(world.jobs[job.job_id].state)

        return world.crash_points, acts, check

    assert explore_orders(run, calls) > 20
    assert seen


def taken(world: ModelWorld) -> str:
    job = world.submit(callback=True)
    assert job is not None
    return job.job_id


def waiting(world: ModelWorld) -> str:
    """Refused by RunPod at first, and due again."""
    world.runpod.reply = RunReply.REFUSED
    job_id = taken(world)
    world.runpod.reply = RunReply.ACCEPTED
    world.clock.advance(MINUTE)
    return job_id


def finish(world: ModelWorld) -> None:
    run_worker(world.runpod.executions[0], world.objects.objects, WorkerOutcome.FINISHED)


def bell(world: ModelWorld) -> Act:
    return lambda: world.receive_webhook(world.runpod.executions[0])


def finish_and_ring(world: ModelWorld) -> Act:
    def act() -> None:
        finish(world)
        world.receive_webhook(world.runpod.executions[0])

    return act


@pytest.mark.fault("E10")
def test_cancel_and_completion() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = taken(world)
        return [finish_and_ring(world), lambda: world.cancel(job_id)]

    every_order(begin, lambda world, job: job.state in {State.COMPLETED, State.CANCELLED})


@pytest.mark.fault("E10")
def test_completion_and_the_deadline() -> None:
    def begin(world: ModelWorld) -> Acts:
        taken(world)
        world.clock.advance(HOUR)
        return [finish_and_ring(world), world.sweep]

    every_order(begin, lambda world, job: job.state in {State.COMPLETED, State.TIMED_OUT})


@pytest.mark.fault("E10")
def test_cancel_and_dispatch() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = waiting(world)
        return [world.sweep, lambda: world.cancel(job_id)]

    def stopped(world: ModelWorld, job: Job) -> bool:
        return job.state is State.CANCELLED and all(execution.finished for execution in world.runpod.executions)

    every_order(begin, stopped)


@pytest.mark.fault("E10")
def test_a_wish_to_cancel_that_meets_a_dispatch_is_granted_to_what_was_dispatched() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_503")]
    submit_job(world.services, submission())
    wish = replace(world.store.jobs["job-1"], cancel_requested=True)
    world.store.jobs["job-1"] = wish

    def dispatched(_: Job) -> None:
        result = apply(wish, Dispatched("runpod-9", "endpoint", START), START)
        assert isinstance(result, Change)
        world.store.jobs["job-1"] = result.job

    world.store.before_save = dispatched
    settle_job(world.services, wish, Source.SWEEPER)
    assert (world.store.jobs["job-1"].state, world.provider.cancelled) == (State.CANCELLED, ["runpod-9"])


@pytest.mark.fault("E10")
def test_cancel_and_failure() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = taken(world)
        fail_execution(world.runpod.executions[0])
        return [bell(world), lambda: world.cancel(job_id)]

    every_order(begin, lambda world, job: job.state in {State.FAILED, State.CANCELLED}, workers=False)


@pytest.mark.fault("D9")
def test_a_web_hook_while_the_sweeper_settles() -> None:
    def begin(world: ModelWorld) -> Acts:
        taken(world)
        world.clock.advance(2 * MINUTE)
        finish(world)
        return [bell(world), world.sweep]

    every_order(begin, lambda world, job: job.state is State.COMPLETED and len(world.queue.sent) == 1)


@pytest.mark.fault("D2")
def test_two_web_hooks_at_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        taken(world)
        finish(world)
        return [bell(world), bell(world)]

    every_order(begin, lambda world, job: job.state is State.COMPLETED and len(world.queue.sent) == 1)


@pytest.mark.fault("D3")
def test_a_worker_that_reports_and_ends_while_its_dispatch_is_being_stored() -> None:
    """The first report and the web hook come before we know RunPod's id."""

    def begin(world: ModelWorld) -> Acts:
        waiting(world)

        def worker() -> None:
            # Nothing happens at a worker before RunPod has the job.
            if world.runpod.executions:
                world.report_progress(world.runpod.executions[0], 1)
                finish_and_ring(world)()

        return [world.sweep, worker]

    def known(world: ModelWorld, job: Job) -> bool:
        return len(world.runpod.executions) == 1 and job.runpod_job_id in {None, "runpod-1"}

    every_order(begin, known)


@pytest.mark.fault("D3")
def test_a_report_after_the_end() -> None:
    def begin(world: ModelWorld) -> Acts:
        taken(world)
        finish(world)
        return [bell(world), lambda: world.report_progress(world.runpod.executions[0], 3)]

    every_order(begin, lambda world, job: job.state is State.COMPLETED)


@pytest.mark.fault("E8")
def test_two_sweeps_at_once_dispatch_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        waiting(world)
        return [world.sweep, world.sweep]

    every_order(begin, lambda world, job: len(world.runpod.executions) == 1)


@pytest.mark.fault("E8")
def test_two_sweeps_at_once_find_a_job_lost_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        taken(world)
        world.clock.advance(2 * MINUTE)
        world.runpod.executions[0].known = False
        return [world.sweep, world.sweep]

    every_order(
        begin, lambda world, job: (job.attempt, len(world.runpod.executions)) == (2, 2), calls={"get", "save", "run"}
    )


def test_two_deliveries_at_once_send_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = taken(world)
        finish(world)
        bell(world)()
        return [lambda: world.deliver(job_id), lambda: world.deliver(job_id)]

    every_order(begin, lambda world, job: [len(bodies) for bodies in world.receiver.posts.values()] == [1])


@pytest.mark.fault("B2")
def test_one_key_twice_at_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        return [lambda: world.submit(key="k"), lambda: world.submit(key="k")]

    every_order(begin, lambda world, job: len(world.runpod.executions) == 1)


def many(number: int, act: Callable[[], object]) -> list[object]:
    """`number` threads that begin at one moment."""
    start = threading.Barrier(number)

    def one(_: int) -> object:
        start.wait()
        return act()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def over_dynamodb(aws: Aws) -> ModelWorld:
    name = f"race-{uuid.uuid4().hex[:8]}"
    return ModelWorld(lambda clock: DynamoJobStore(table(aws.url), clock, 7 * 24 * HOUR), name)


@pytest.mark.fault("B2")
def test_fifty_requests_with_one_key_at_once_are_one_job(aws: Aws) -> None:
    world = over_dynamodb(aws)
    asked = submission(owner=world.owner, idempotency_key="one-key")

    def client() -> str:
        while True:
            try:
                return submit_job(world.services, asked).job.job_id
            except Unavailable:
                # Told to come again: so does a client.
                continue

    assert len(set(many(50, client))) == 1
    assert len(world.runpod.executions) == len(world.jobs) == 1


@pytest.mark.fault("D2")
def test_five_web_hooks_at_once_are_one_transition_and_one_callback(aws: Aws) -> None:
    world = over_dynamodb(aws)
    job_id = taken(world)
    finish(world)
    many(5, bell(world))
    world.check()
    job = world.jobs[job_id]
    # Accepted, taken, ended: each is one write.
    assert (job.state, job.version) == (State.COMPLETED, 3)
    assert world.queue.sent == [(job_id, 0)]
