"""What is left of an invocation's time bounds every call, however patient the call itself is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lambda_api.adapters import deadline
from lambda_api.adapters.aws.client import DYNAMODB, Aws
from lambda_api.adapters.aws.errors import AwsError
from lambda_api.adapters.dynamodb import DynamoJobStore
from lambda_api.adapters.runpod import RunpodProvider
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import ProviderRefused, ProviderUnknown
from tests.support.aws import account
from tests.support.examples import job
from tests.support.fakes import START
from tests.support.outbound import call_back
from tests.support.scripted_server import Peer, answer, peer, stall

THROTTLED = answer(400, {"__type": "x#ThrottlingException"})
COLLIDED = answer(400, {"__type": "x#TransactionConflictException"})


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


@contextmanager
def taking_less_than(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_time_is_left_within_and_again_without_end_outside() -> None:
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
    return account(url).call(DYNAMODB, "GetItem")


def create(url: str) -> object:
    return DynamoJobStore("t", lambda: START, 0, account(url)).create(job(), None, START, Allowance())


@pytest.mark.parametrize("reply", [stall, THROTTLED, COLLIDED], ids=["silent", "throttled", "colliding"])
@pytest.mark.parametrize("call", [get, create])
def test_aws_is_not_asked_for_longer(server: Peer, call: Callable[[str], object], reply: Callable[..., None]) -> None:
    server.replies = [reply]
    with taking_less_than(0.7), deadline.within(0.3), pytest.raises((AwsError, Unavailable)):
        call(server.url)


def test_runpod_is_not_waited_for_longer(server: Peer) -> None:
    server.replies = [stall]
    with taking_less_than(0.7), deadline.within(0.3), pytest.raises(ProviderUnknown):
        RunpodProvider(server.url, server.url, "k").run("ep", {})


def test_a_receiver_is_not_waited_for_longer(server: Peer) -> None:
    server.replies = [stall]
    with taking_less_than(0.7), deadline.within(0.3):
        assert call_back(server.url, allow_loopback=True).result == "no_answer"


def test_nothing_is_sent_when_the_time_is_over(server: Peer) -> None:
    server.replies, server.keep_open = [answer(200, {"id": "a"})], True
    provider, client = RunpodProvider(server.url, server.url, "k"), account(server.url)
    # What is kept open could be sent on at once.
    provider.run("ep", {})
    client.call(DYNAMODB, "GetItem")
    server.seen.clear()
    with taking_less_than(0.3), deadline.within(0):
        with pytest.raises(ProviderRefused):
            provider.run("ep", {})
        with pytest.raises(AwsError):
            client.call(DYNAMODB, "GetItem")
        assert call_back(server.url, allow_loopback=True).result == "unreachable"
    assert server.seen == []
    assert provider.run("ep", {}) == "a"


def test_a_pause_is_no_longer_than_the_time(server: Peer) -> None:
    naps: list[float] = []
    patient = Aws({"AWS_REGION": "eu-west-1"}, sleep=naps.append, jitter=lambda: 1.0)
    patient.pause(0.5)
    with deadline.within(0.1):
        patient.pause(0.5)
    with deadline.within(-1):
        patient.pause(0.5)
    assert naps[0] == 0.5
    assert 0 < naps[1] <= 0.1
    assert naps[2] == 0
