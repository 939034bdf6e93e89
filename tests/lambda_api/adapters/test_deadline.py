"""The invocation's deadline bounds every call, whatever the call's own timeout is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest

from lambda_api.adapters import deadline
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.adapters.runpod import RunpodProvider
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import ProviderRefused, ProviderUnknown
from tests.support.aws import account, table
from tests.support.examples import job
from tests.support.fakes import START
from tests.support.outbound import call_back
from tests.support.scripted_server import Peer, answer, assert_faster_than, peer, stall

THROTTLED = answer(400, {"__type": "x#ThrottlingException"})
COLLIDED = answer(400, {"__type": "x#TransactionConflictException"})


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def test_deadline_is_infinite_outside_of_within() -> None:
    assert deadline.left() == math.inf
    with deadline.within(10):
        assert 9 < deadline.left() <= 10
        with deadline.within(2):
            assert 1 < deadline.left() <= 2
        assert 9 < deadline.left() <= 10
    with deadline.within(-1):
        assert deadline.left() < 0
    assert deadline.left() == math.inf


def get(url: str) -> object:
    return table(url, "t").read({"pk": {"S": "JOB#1"}})


def read(url: str) -> object:
    return S3Objects("b", account(url).s3).read("k", 10)


def create(url: str) -> object:
    return DynamoJobStore(table(url, "t"), lambda: START, 0).create(job(), None, START, Allowance())


@pytest.mark.parametrize("reply", [stall, THROTTLED, COLLIDED], ids=["silent", "throttled", "colliding"])
@pytest.mark.parametrize("call", [get, create, read])
def test_aws_is_bounded_by_the_deadline(
    server: Peer, call: Callable[[str], object], reply: Callable[..., None]
) -> None:
    server.replies = [reply]
    account(server.url).s3  # noqa: B018 - creating a client takes time and sends nothing
    with assert_faster_than(0.7), deadline.within(0.3), pytest.raises(Unavailable):
        call(server.url)


def test_runpod_is_bounded_by_the_deadline(server: Peer) -> None:
    server.replies = [stall]
    with assert_faster_than(0.7), deadline.within(0.3), pytest.raises(ProviderUnknown):
        RunpodProvider(server.url, server.url, "k").run("ep", {})


def test_receiver_is_bounded_by_the_deadline(server: Peer) -> None:
    server.replies = [stall]
    with assert_faster_than(0.7), deadline.within(0.3):
        assert call_back(server.url, allow_loopback=True).result == "no_answer"


def test_nothing_is_sent_after_the_deadline(server: Peer) -> None:
    server.replies, server.keep_open = [answer(200, {"id": "a"})], True
    provider = RunpodProvider(server.url, server.url, "k")
    # A request could be sent at once on a connection that is kept open.
    provider.run("ep", {})
    get(server.url)
    server.seen.clear()
    with assert_faster_than(0.3), deadline.within(0):
        with pytest.raises(ProviderRefused):
            provider.run("ep", {})
        with pytest.raises(Unavailable):
            get(server.url)
        assert call_back(server.url, allow_loopback=True).result == "unreachable"
    assert server.seen == []
    assert provider.run("ep", {}) == "a"


def test_no_backoff_begins_that_would_outlast_the_deadline(server: Peer) -> None:
    naps: list[float] = []
    server.replies = [COLLIDED]
    rows = table(server.url, "t", sleep=naps.append)
    with pytest.raises(Unavailable), deadline.within(0.6):
        rows.write({"Put": {"Item": {"pk": {"S": "JOB#1"}}}})
    # The sixth backoff would be 0.64 s.
    assert 1 <= len(naps) <= 5
    assert len(server.seen) == len(naps) + 1


def test_inner_deadline_never_extends_the_outer_one() -> None:
    with deadline.within(1), deadline.within(10):
        assert deadline.left() <= 1
