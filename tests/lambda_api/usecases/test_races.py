"""Two processes race for one job in every order of their calls; many processes race over a real protocol."""

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
from tests.support.examples import CAPTION, submission
from tests.support.fakes import START, World

Acts = Sequence[Act]


def check_every_order(
    begin: Callable[[ModelWorld], Acts],
    holds: Callable[[ModelWorld, Job], bool],
    *,
    workers: bool = True,
    calls: Set[str] = SHARED_CALLS,
) -> None:
    """`begin` sets up one job and returns the acts; `holds` is checked after them, before time and sweeps recover."""
    states: set[State] = set()

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
            states.add(world.jobs[job.job_id].state)

        return world.crash_points, acts, check

    assert explore_orders(run, calls) > 20
    assert states


def submit_queued(world: ModelWorld) -> str:
    # One file: each file is one more call per process, and each call doubles the orders.
    job = world.submit(callback=True, operation=CAPTION)
    assert job is not None
    return job.job_id


def submit_refused(world: ModelWorld) -> str:
    """Submit a job that RunPod refuses at first and that is due again."""
    world.runpod.reply = RunReply.REFUSED
    job_id = submit_queued(world)
    world.runpod.reply = RunReply.ACCEPTED
    world.clock.advance(MINUTE)
    return job_id


def finish(world: ModelWorld) -> None:
    run_worker(world.runpod.executions[0], world.objects.objects, WorkerOutcome.FINISHED)


def webhook_act(world: ModelWorld) -> Act:
    return lambda: world.receive_webhook(world.runpod.executions[0])


def finish_and_notify(world: ModelWorld) -> Act:
    def act() -> None:
        finish(world)
        world.receive_webhook(world.runpod.executions[0])

    return act


@pytest.mark.fault("E10")
def test_cancel_races_completion() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = submit_queued(world)
        return [finish_and_notify(world), lambda: world.cancel(job_id)]

    check_every_order(begin, lambda world, job: job.state in {State.COMPLETED, State.CANCELLED})


@pytest.mark.fault("E10")
def test_completion_races_the_deadline() -> None:
    def begin(world: ModelWorld) -> Acts:
        submit_queued(world)
        world.clock.advance(HOUR)
        return [finish_and_notify(world), world.sweep]

    check_every_order(begin, lambda world, job: job.state in {State.COMPLETED, State.TIMED_OUT})


@pytest.mark.fault("E10")
def test_cancel_races_dispatch() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = submit_refused(world)
        return [world.sweep, lambda: world.cancel(job_id)]

    def is_stopped(world: ModelWorld, job: Job) -> bool:
        return job.state is State.CANCELLED and all(execution.finished for execution in world.runpod.executions)

    check_every_order(begin, is_stopped)


@pytest.mark.fault("E10")
def test_cancel_request_during_dispatch_cancels_the_execution() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_503")]
    submit_job(world.services, submission())
    requested = replace(world.store.jobs["job-1"], cancel_requested=True)
    world.store.jobs["job-1"] = requested

    def dispatch(_: Job) -> None:
        result = apply(requested, Dispatched("runpod-9", "endpoint", START), START)
        assert isinstance(result, Change)
        world.store.jobs["job-1"] = result.job

    world.store.before_save = dispatch
    settle_job(world.services, requested, Source.SWEEPER)
    assert (world.store.jobs["job-1"].state, world.provider.cancelled) == (State.CANCELLED, ["runpod-9"])


@pytest.mark.fault("E10")
def test_cancel_races_failure() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = submit_queued(world)
        fail_execution(world.runpod.executions[0])
        return [webhook_act(world), lambda: world.cancel(job_id)]

    check_every_order(begin, lambda world, job: job.state in {State.FAILED, State.CANCELLED}, workers=False)


@pytest.mark.fault("D9")
def test_webhook_races_the_sweeper() -> None:
    def begin(world: ModelWorld) -> Acts:
        submit_queued(world)
        world.clock.advance(2 * MINUTE)
        finish(world)
        return [webhook_act(world), world.sweep]

    check_every_order(begin, lambda world, job: job.state is State.COMPLETED and len(world.queue.sent) == 1)


@pytest.mark.fault("D2")
def test_two_concurrent_webhooks_complete_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        submit_queued(world)
        finish(world)
        return [webhook_act(world), webhook_act(world)]

    check_every_order(begin, lambda world, job: job.state is State.COMPLETED and len(world.queue.sent) == 1)


@pytest.mark.fault("D3")
def test_worker_that_ends_before_its_dispatch_is_stored() -> None:
    """The first report and the webhook arrive before we know RunPod's id."""

    def begin(world: ModelWorld) -> Acts:
        submit_refused(world)

        def worker() -> None:
            # A worker does nothing before RunPod has the job.
            if world.runpod.executions:
                world.report_progress(world.runpod.executions[0], 1)
                finish_and_notify(world)()

        return [world.sweep, worker]

    def is_known_once(world: ModelWorld, job: Job) -> bool:
        return len(world.runpod.executions) == 1 and job.runpod_job_id in {None, "runpod-1"}

    check_every_order(begin, is_known_once)


@pytest.mark.fault("D3")
def test_progress_races_completion() -> None:
    def begin(world: ModelWorld) -> Acts:
        submit_queued(world)
        finish(world)
        return [webhook_act(world), lambda: world.report_progress(world.runpod.executions[0], 3)]

    check_every_order(begin, lambda world, job: job.state is State.COMPLETED)


@pytest.mark.fault("E8")
def test_concurrent_sweeps_dispatch_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        submit_refused(world)
        return [world.sweep, world.sweep]

    check_every_order(begin, lambda world, job: len(world.runpod.executions) == 1)


@pytest.mark.fault("E8")
def test_concurrent_sweeps_resubmit_a_lost_job_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        submit_queued(world)
        world.clock.advance(2 * MINUTE)
        world.runpod.executions[0].known = False
        return [world.sweep, world.sweep]

    check_every_order(
        begin, lambda world, job: (job.attempt, len(world.runpod.executions)) == (2, 2), calls={"get", "save", "run"}
    )


def test_concurrent_deliveries_send_once() -> None:
    def begin(world: ModelWorld) -> Acts:
        job_id = submit_queued(world)
        finish(world)
        webhook_act(world)()
        return [lambda: world.deliver(job_id), lambda: world.deliver(job_id)]

    check_every_order(begin, lambda world, job: [len(bodies) for bodies in world.receiver.posts.values()] == [1])


@pytest.mark.fault("B2")
def test_concurrent_submits_with_one_key_make_one_job() -> None:
    def begin(world: ModelWorld) -> Acts:
        return [lambda: world.submit(key="k"), lambda: world.submit(key="k")]

    check_every_order(begin, lambda world, job: len(world.runpod.executions) == 1)


def run_concurrently(number: int, act: Callable[[], object]) -> list[object]:
    """Call `act` in this many threads at the same moment."""
    start = threading.Barrier(number)

    def one(_: int) -> object:
        start.wait()
        return act()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def dynamodb_world(aws: Aws) -> ModelWorld:
    name = f"race-{uuid.uuid4().hex[:8]}"
    return ModelWorld(lambda clock: DynamoJobStore(table(aws.url), clock, 7 * 24 * HOUR), name)


@pytest.mark.fault("B2")
def test_fifty_concurrent_requests_with_one_key_make_one_job(aws: Aws) -> None:
    world = dynamodb_world(aws)
    request = submission(owner=world.owner, idempotency_key="one-key")

    def client() -> str:
        while True:
            try:
                return submit_job(world.services, request).job.job_id
            except Unavailable:
                # A client retries after a 503.
                continue

    assert len(set(run_concurrently(50, client))) == 1
    assert len(world.runpod.executions) == len(world.jobs) == 1


@pytest.mark.fault("D2")
def test_five_concurrent_webhooks_cause_one_callback(aws: Aws) -> None:
    world = dynamodb_world(aws)
    job_id = submit_queued(world)
    finish(world)
    run_concurrently(5, webhook_act(world))
    world.check()
    job = world.jobs[job_id]
    # Accepted, queued, completed: each is one write.
    assert (job.state, job.version) == (State.COMPLETED, 3)
    assert world.queue.sent == [(job_id, 0)]
