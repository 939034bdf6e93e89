"""The table: lost races, rows of other releases, rows that vanish, rows that grow, thousands due at once."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from contract.messages import ExecutionFacts
from lambda_api.adapters.aws.job_row import SHARDS, to_item
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job, State
from lambda_api.domain.keys import manifest_key
from lambda_api.domain.policy import HOUR, MINUTE
from lambda_api.domain.ports import ObjectStore, ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from local.aws.names import TABLE
from tests.model.world import ModelWorld
from tests.support.aws import CREDENTIALS, Aws, account, table
from tests.support.examples import job, manifest, publish, ring_webhook, submission
from tests.support.fakes import START, FakeClock, World
from tests.support.gateway import Client
from tests.support.scripted_server import Peer, Reply, answer, peer, reset

WEEK = 7 * 24 * HOUR


@pytest.fixture(autouse=True)
def job_with_a_result(world: World) -> None:
    """One job at RunPod whose result is stored."""
    submit_job(world.services, submission())
    world.provider.default_status = ProviderStatus("IN_PROGRESS")
    publish(world, manifest())


def lose_next_writes(world: World, times: int) -> None:
    """Let another process write first at each of the next `times` writes."""

    def write(_: Job) -> None:
        current = world.store.jobs["job-1"]
        world.store.jobs["job-1"] = replace(current, version=current.version + 1)
        if times > 1:
            lose_next_writes(world, times - 1)

    world.store.before_save = write


@pytest.mark.fault("E1")
@pytest.mark.parametrize("times", [1, 4])
def test_lost_race_is_read_and_applied_again(world: World, times: int) -> None:
    lose_next_writes(world, times)
    ring_webhook(world)
    assert world.store.jobs["job-1"].state is State.COMPLETED


@pytest.mark.fault("E1")
def test_five_lost_races_leave_the_job_to_the_sweeper(world: World) -> None:
    lose_next_writes(world, 5)
    ring_webhook(world)
    left = world.store.jobs["job-1"]
    assert (left.state, world.observer.warnings[-1]) == (State.IN_QUEUE, "webhook_deferred")
    assert left.due_at is not None
    world.clock.now = left.due_at
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.COMPLETED


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def throttled(name: str, status: int) -> Reply:
    return answer(status, {"__type": name, "message": "planted-message"})


CALLS: dict[str, Callable[[DynamoJobStore, ObjectStore], object]] = {
    "create": lambda store, objects: store.create(job(), None, START, Allowance()),
    "get": lambda store, objects: store.get("job-1"),
    "save": lambda store, objects: store.save(job(version=2)),
    "save that ends": lambda store, objects: store.save(job(version=2), ends=True),
    "page": lambda store, objects: store.page("ada", 10, None),
    "due": lambda store, objects: list(store.due(START, 10)),
    "read": lambda store, objects: objects.read("k", 10),
    "size": lambda store, objects: objects.size("k"),
    "write": lambda store, objects: objects.write("k", b"planted"),
}


@pytest.mark.fault("E2")
@pytest.mark.parametrize(
    "trouble",
    [throttled("ThrottlingException", 429), throttled("InternalServerError", 500), reset],
    ids=["throttled", "server-error", "reset"],
)
@pytest.mark.parametrize("call", CALLS)
def test_failing_aws_call_is_unavailable_and_quotes_nothing(server: Peer, call: str, trouble: Reply) -> None:
    server.replies = [trouble]
    store = DynamoJobStore(table(server.url, "t"), lambda: START, HOUR)
    with pytest.raises(Unavailable) as raised:
        CALLS[call](store, S3Objects("b", account(server.url).s3))
    assert raised.value.retry_after
    assert "planted" not in str(raised.value) + str(raised.value.reason)
    assert len(server.seen) >= 3


def rows(aws: Aws) -> Any:
    return boto3.client("dynamodb", endpoint_url=aws.url, **CREDENTIALS)


def stored(aws: Aws, clock: FakeClock, **changes: Any) -> tuple[DynamoJobStore, Job]:
    store = DynamoJobStore(table(aws.url), clock, WEEK)
    mine = job(job_id=str(uuid.uuid4()), owner=f"o-{uuid.uuid4().hex[:12]}", **changes)
    store.create(mine, None, START, Allowance())
    return store, mine


@pytest.mark.fault("E4")
def test_row_of_the_first_release_is_read_with_defaults(aws: Aws) -> None:
    """A row of the next release, with an unknown field, is read too."""
    store, mine = stored(aws, FakeClock())
    first = {
        "job_id": mine.job_id,
        "owner": mine.owner,
        "operation": mine.operation.model_dump(mode="json"),
        "created_at": mine.created_at,
        "deadline_at": mine.deadline_at,
    }
    for doc in (first, first | {"new_thing": {"a": 1}}):
        rows(aws).update_item(
            TableName=TABLE, Key={"pk": {"S": f"JOB#{mine.job_id}"}}, UpdateExpression="SET doc = :doc",
            ExpressionAttributeValues={":doc": {"S": json.dumps(doc)}},
        )  # fmt: skip
        assert store.get(mine.job_id) == replace(mine, due_at=None)


@pytest.mark.fault("E5")
def test_largest_possible_job_fits_into_a_row() -> None:
    """Addresses, metadata and a manifest as long as they may be, in characters that JSON makes longer."""
    world = World()
    padding = "/" + "a" * 4000
    body = {
        "url_video": f"https://media.example{padding}",
        "url_audio": f"https://media.example{padding}",
        "url_srt": f"https://media.example{padding}",
        "webhook_url": f"https://hooks.example{padding}",
        "metadata": {"k": '"' * 1000},
    }
    answered = Client(world).call("POST", "/video/compose", body)
    assert answered.status == 202, answered.text
    facts = ExecutionFacts(encoder=None, video_mode="copy", execution_ms=1, warnings=('"' * 128,) * 240)
    publish(world, manifest(execution=facts))
    assert 60_000 < len(world.objects.objects[manifest_key("job-1")]) <= 64 * 1024
    ring_webhook(world)
    ended = world.store.jobs["job-1"]
    assert ended.state is State.COMPLETED
    item = to_item(ended, WEEK)
    size = sum(len(name) + len(text.encode()) for name, value in item.items() for text in value.values())
    assert 100_000 < size < 350_000


@pytest.mark.fault("E6")
def test_ids_spread_evenly_over_the_shards() -> None:
    spread = Counter(to_item(job(job_id=str(uuid.uuid4())), WEEK)["due_shard"]["S"] for _ in range(5000))
    assert len(spread) == SHARDS
    assert max(spread.values()) < 5000 / SHARDS * 1.25


@pytest.mark.fault("E6")
def test_thousands_due_at_once_are_drained_oldest_first() -> None:
    world = ModelWorld()
    world.runpod.down = True
    for number in range(2000):
        world.history.create(job(job_id=f"j-{number}", owner=f"o-{number}", due_at=START + number), None, START,
                            Allowance())  # fmt: skip
    world.clock.advance(MINUTE)
    dispatched: list[str] = []
    for _ in range(3):
        before = len(world.runpod.executions)
        sweep(world.services, 800, lambda: True)
        dispatched += [execution.job_id for execution in world.runpod.executions[before:]]
    assert dispatched == [f"j-{number}" for number in range(2000)]
    world.check()


@pytest.mark.fault("E7")
def test_row_that_expires_between_read_and_write_is_ignored(aws: Aws) -> None:
    world = ModelWorld(lambda clock: DynamoJobStore(table(aws.url), clock, WEEK), f"gone-{uuid.uuid4().hex[:8]}")
    gone = world.submit(callback=True)
    assert gone is not None

    def expire() -> None:
        rows(aws).delete_item(TableName=TABLE, Key={"pk": {"S": f"JOB#{gone.job_id}"}})

    (execution,) = world.runpod.executions
    execution.status = "CANCELLED"
    world.crash_points.plan("before save", expire)
    world.receive_webhook(execution)
    assert world.services.store.get(gone.job_id) is None
    # The same again without the row: RunPod gets a 404, and the queue's message does nothing.
    world.receive_webhook(execution)
    world.deliver(gone.job_id)
    assert world.receiver.posts == {}
