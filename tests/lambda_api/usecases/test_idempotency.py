"""Submits over a store that throttles, collides or hangs up: one job or none, and a clear word for the client."""

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
TAKEN = answer(200, {})
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


def submitted(database: Peer, replies: list[Reply], key: str | None) -> tuple[World, Answer]:
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
def test_a_store_that_fails_twice_and_then_works_takes_the_job(database: Peer, trouble: Reply, key: str | None) -> None:
    world, told = submitted(database, [trouble, trouble, TAKEN], key)
    assert (told.status, len(world.provider.runs)) == (202, 1)
    first, second, third, *_ = (request.json for request in database.seen)
    assert first == second == third


@pytest.mark.fault("B10")
@KEYS
def test_a_store_that_throttles_throughout_is_a_503_and_leaves_no_orphan(database: Peer, key: str | None) -> None:
    world, told = submitted(database, [THROTTLED], key)
    assert (told.status, told.json["code"]) == (503, "unavailable")
    assert int(told.headers["retry-after"]) >= 1
    assert world.provider.runs == []
    # Whatever was tried was the one transaction: there is no write by which half of a job could come to be.
    assert {request.headers["x-amz-target"] for request in database.seen} == {"DynamoDB_20120810.TransactWriteItems"}


@pytest.mark.fault("B11")
@KEYS
def test_a_transaction_that_collides_is_made_again(database: Peer, key: str | None) -> None:
    world, told = submitted(database, [COLLISION, COLLISION, TAKEN], key)
    assert (told.status, len(world.provider.runs)) == (202, 1)


@pytest.mark.fault("B11")
@KEYS
def test_transactions_that_keep_colliding_are_a_503_after_a_bounded_number(database: Peer, key: str | None) -> None:
    world, told = submitted(database, [COLLISION], key)
    assert (told.status, told.headers["retry-after"], world.provider.runs) == (503, "1", [])
    assert 2 <= len(database.seen) <= 20
