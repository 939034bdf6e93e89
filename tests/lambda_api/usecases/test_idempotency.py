"""Submits over a store that throttles, collides or disconnects: one job or none, and a clear response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.policy import HOUR
from tests.support.aws import table
from tests.support.fakes import World
from tests.support.gateway import Answer, Client
from tests.support.scripted_server import Peer, Reply, answer, peer, reset

BODY = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}
ACCEPTED = answer(200, {})
THROTTLED = answer(400, {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"})
COLLISION = answer(
    400,
    {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}],
    },
)


@pytest.fixture
def database() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def submit_over(database: Peer, replies: list[Reply], key: str | None) -> tuple[World, Answer]:
    database.replies = replies
    world = World()
    store = DynamoJobStore(table(database.url, "t", sleep=lambda _: None), world.clock, HOUR)
    world.services = replace(world.services, store=store)
    headers = {"idempotency-key": key} if key else {}
    return world, Client(world).call("POST", "/video/caption", BODY, headers=headers)


KEYS = pytest.mark.parametrize("key", [None, "k"], ids=["no-key", "key"])


@pytest.mark.fault("B10")
@KEYS
@pytest.mark.parametrize("trouble", [THROTTLED, reset], ids=["throttled", "reset"])
def test_store_that_recovers_on_the_third_try_accepts_the_job(database: Peer, trouble: Reply, key: str | None) -> None:
    world, response = submit_over(database, [trouble, trouble, ACCEPTED], key)
    assert (response.status, len(world.provider.runs)) == (202, 1)
    first, second, third, *_ = (request.json for request in database.seen)
    assert first == second == third


@pytest.mark.fault("B10")
@KEYS
def test_throttled_store_is_a_503_and_leaves_no_orphan(database: Peer, key: str | None) -> None:
    world, response = submit_over(database, [THROTTLED], key)
    assert (response.status, response.json["code"]) == (503, "unavailable")
    assert int(response.headers["retry-after"]) >= 1
    assert world.provider.runs == []
    # Every try was a single transaction: no write could create half a job.
    assert {request.headers["x-amz-target"] for request in database.seen} == {"DynamoDB_20120810.TransactWriteItems"}


@pytest.mark.fault("B11")
@KEYS
def test_colliding_transaction_is_retried(database: Peer, key: str | None) -> None:
    world, response = submit_over(database, [COLLISION, COLLISION, ACCEPTED], key)
    assert (response.status, len(world.provider.runs)) == (202, 1)


@pytest.mark.fault("B11")
@KEYS
def test_endless_collisions_are_a_503_after_bounded_tries(database: Peer, key: str | None) -> None:
    world, response = submit_over(database, [COLLISION], key)
    assert (response.status, response.headers["retry-after"], world.provider.runs) == (503, "1", [])
    assert 2 <= len(database.seen) <= 20
