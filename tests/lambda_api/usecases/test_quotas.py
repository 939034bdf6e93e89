"""Quotas: an owner over the limit gets Retry-After and no other owner is affected. Concurrent writes of one row."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambda_api import wiring
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import RateLimited, TooManyJobs, Unavailable
from lambda_api.domain.policy import HOUR, SECOND
from lambda_api.domain.ports import Idempotency, ProviderRejected
from lambda_api.usecases.sweep import sweep
from local.aws.names import TABLE
from tests.support.aws import CREDENTIALS, Aws, table
from tests.support.examples import job, manifest, publish, ring_webhook
from tests.support.fakes import API_KEYS, START, World
from tests.support.gateway import Answer, Client, environment, reset_wiring
from tests.support.scripted_server import Peer, Reply, answer, closed_url, peer

CAPTION = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}


@pytest.fixture
def renewed() -> Iterator[None]:
    """Isolate the wired services of this test."""
    reset_wiring()
    yield
    reset_wiring()


def submit(client: Client, key: str = "local-key", **headers: str) -> Answer:
    return client.call("POST", "/video/caption", CAPTION, key=key, headers=headers)


@pytest.mark.fault("A17")
def test_burst_is_refused_with_retry_after_for_its_owner_only(world: World) -> None:
    client = Client(world)
    assert [submit(client).status for _ in range(3)] == [202] * 3
    refused = submit(client)
    assert (refused.status, refused.headers["content-type"]) == (429, "application/problem+json")
    assert (refused.json["code"], refused.json["status"]) == ("rate_limited", 429)
    assert refused.headers["retry-after"] == "2"
    # draft-ietf-httpapi-ratelimit-headers: a quota of 3 that comes back in 6 s; nothing left, something in 2 s.
    assert refused.headers["ratelimit-policy"] == '"submits";q=3;w=6'
    assert refused.headers["ratelimit"] == '"submits";r=0;t=2'
    assert submit(client, "other").status == 202
    assert len(world.store.jobs) == len(world.provider.runs) == 4
    world.clock.advance(2 * SECOND)
    assert [submit(client).status for _ in range(2)] == [202, 429]


@pytest.mark.fault("A17")
def test_in_flight_cap_admits_again_after_a_job_ends(world: World) -> None:
    client = Client(world)
    for _ in range(4):
        assert submit(client).status == 202
        world.clock.advance(HOUR // 10)
    refused = submit(client)
    assert (refused.status, refused.json["code"]) == (429, "too_many_jobs")
    assert refused.headers["retry-after"] == "10"
    assert refused.headers["ratelimit-policy"] == '"jobs";q=4;qu="concurrent-requests"'
    assert refused.headers["ratelimit"] == '"jobs";r=0'
    assert submit(client, "other").status == 202
    assert client.call("POST", "/job/job-1/cancel").status == 200
    assert client.call("POST", "/job/job-1/cancel").status == 409
    assert [submit(client).status for _ in range(2)] == [202, 429]


@pytest.mark.fault("A17")
def test_replays_reads_and_invalid_requests_use_no_quota(world: World) -> None:
    client = Client(world)
    first = submit(client, **{"idempotency-key": "k"})
    assert [submit(client).status for _ in range(3)] == [202, 202, 429]
    for _ in range(5):
        repeated = submit(client, **{"idempotency-key": "k"})
        assert (repeated.status, repeated.headers["idempotent-replayed"]) == (202, "true")
        assert repeated.json["job_id"] == first.json["job_id"]
        assert client.call("GET", f"/job/{first.json['job_id']}").status == 200
    # An invalid request takes no token either.
    world.clock.advance(2 * SECOND)
    assert [client.call("POST", "/video/caption", {}).status for _ in range(5)] == [422] * 5
    assert submit(client).status == 202


@pytest.mark.fault("A17")
@pytest.mark.usefixtures("renewed")
def test_quotas_come_from_the_settings(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = [f"o-{uuid.uuid4().hex[:12]}" for _ in range(2)]
    env = environment() | {
        "OWNER_RATE_PER_MINUTE": "1", "OWNER_BURST": "3", "OWNER_JOBS_IN_FLIGHT": "2", "TABLE_NAME": TABLE,
        "AWS_ENDPOINT_URL": aws.url, "RUNPOD_API_URL": closed_url(), "AWS_REGION": CREDENTIALS["region_name"],
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "API_KEYS": json.dumps(dict(zip(API_KEYS, owners, strict=True))),
    }  # fmt: skip
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    world = World()
    world.services = wiring.services()
    client = Client(world)
    answers = [submit(client) for _ in range(3)]
    assert [each.status for each in answers] == [202, 202, 429]
    assert client.call("POST", f"/job/{answers[0].json['job_id']}/cancel").status == 200
    assert [submit(client).status for _ in range(2)] == [202, 429]
    assert submit(client, "other").status == 202
    assert client.call("POST", f"/job/{answers[1].json['job_id']}/cancel").status == 200
    # There is room for a job, but no token for a minute.
    assert submit(client).headers["ratelimit-policy"] == '"submits";q=3;w=180'


def rejected(world: World) -> None:
    world.provider.failures = [ProviderRejected("http_400")]
    assert submit(Client(world)).json["status"] == "FAILED"


def completed(world: World) -> None:
    assert submit(Client(world)).status == 202
    publish(world, manifest())
    for _ in range(2):
        ring_webhook(world)


def timed_out(world: World) -> None:
    assert submit(Client(world)).status == 202
    world.clock.advance(2 * HOUR)
    for _ in range(2):
        sweep(world.services, 100, lambda: True)


def cancelled(world: World) -> None:
    assert submit(Client(world)).status == 202
    assert [Client(world).call("POST", "/job/job-1/cancel").status for _ in range(2)] == [200, 409]


@pytest.mark.fault("A17")
@pytest.mark.parametrize("end", [rejected, completed, timed_out, cancelled])
def test_every_end_releases_the_place_exactly_once(world: World, end: Callable[[World], None]) -> None:
    end(world)
    assert world.store.jobs["job-1"].is_terminal
    assert world.store.usage["ada"].in_flight == 0


@pytest.fixture(autouse=True)
def small_quota(world: World) -> None:
    allowance = Allowance(rate_per_minute=30, burst=3, jobs_in_flight=4)
    world.services = replace(world.services, allowance=allowance)


@pytest.fixture
def database() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def fault(name: str, *codes: str, **item: Any) -> Reply:
    reasons = [{"Code": code} | ({"Item": item} if code == "ConditionalCheckFailed" else {}) for code in codes]
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}"} | ({"CancellationReasons": reasons} if codes else {})
    return answer(400, body)


CANCELED = "TransactionCanceledException"
COLLIDED = [
    fault(CANCELED, "None", "None", "TransactionConflict"), fault(CANCELED, "TransactionConflict", "None", "None"),
    fault(CANCELED, "None", "None", "ThrottlingError"),
]  # fmt: skip


class TestCollisions:
    """Conflicts as DynamoDB reports them; no local engine does."""

    def store(self, database: Peer, sleeps: list[float]) -> DynamoJobStore:
        return DynamoJobStore(table(database.url, "t", sleep=sleeps.append), lambda: START, HOUR)

    def create(self, database: Peer, sleeps: list[float]) -> object:
        return self.store(database, sleeps).create(
            job(), Idempotency("k", "f", START + HOUR), START, Allowance(burst=3)
        )

    @pytest.mark.fault("B11")
    def test_transaction_conflicts_are_retried_with_backoff(self, database: Peer) -> None:
        sleeps: list[float] = []
        database.replies = [*COLLIDED, answer(200, {})]
        assert self.create(database, sleeps) is None
        assert sleeps == [0.02, 0.04, 0.08]
        first, *others = (request.json["TransactItems"] for request in database.seen)
        assert others == [first] * 3

    @pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
    def test_throttled_write_is_retried_in_one_layer_only(self, database: Peer, code: str) -> None:
        database.replies = [fault(code)]
        with pytest.raises(Unavailable):
            self.store(database, []).save(job())
        assert len(database.seen) == 3

    @pytest.mark.fault("B11")
    def test_endless_conflicts_are_a_503(self, database: Peer) -> None:
        sleeps: list[float] = []
        database.replies = COLLIDED[:1]
        with pytest.raises(Unavailable) as refused:
            self.create(database, sleeps)
        assert (refused.value.retry_after, refused.value.reason) == (1, "TransactWriteItems: TransactionConflict")
        assert (len(database.seen), sum(sleeps) < 1.5) == (7, True)

    @pytest.mark.parametrize("ends", [False, True])
    def test_conflicts_of_saves_are_retried(self, database: Peer, *, ends: bool) -> None:
        sleeps: list[float] = []
        collided = fault(CANCELED, "None", "TransactionConflict") if ends else fault("TransactionConflictException")
        database.replies = [collided, answer(200, {})]
        assert self.store(database, sleeps).save(replace(job(), version=2), ends=ends)
        assert sleeps == [0.02]

    def test_known_key_beats_a_transaction_conflict(self, database: Peer) -> None:
        key = {"job_id": {"S": "earlier"}, "fingerprint": {"S": "f"}}
        database.replies = [fault(CANCELED, "ConditionalCheckFailed", "None", "TransactionConflict", **key)]
        assert self.create(database, []).job_id == "earlier"  # type: ignore[attr-defined]
        assert len(database.seen) == 1

    def test_partly_used_bucket_needs_a_second_transaction(self, database: Peer) -> None:
        used = fault(CANCELED, "None", "None", "ConditionalCheckFailed", full_at={"N": str(START + 900)})
        database.replies = [used, answer(200, {})]
        assert self.create(database, []) is None
        first, second = (request.json["TransactItems"] for request in database.seen)
        assert first[:2] == second[:2]
        assert second[2]["Update"]["UpdateExpression"] == "SET full_at = full_at + :step ADD in_flight :one"

    @pytest.mark.parametrize(
        ("row", "refusal"),
        [({"full_at": {"N": str(START + 1400)}}, RateLimited), ({"in_flight": {"N": "1000"}}, TooManyJobs)],
    )
    def test_refusal_takes_one_call(self, database: Peer, row: dict[str, Any], refusal: type[Exception]) -> None:
        database.replies = [fault(CANCELED, "None", "None", "ConditionalCheckFailed", **row)]
        with pytest.raises(refusal):
            self.create(database, [])
        assert len(database.seen) == 1

    def test_lost_quota_races_are_bounded(self, database: Peer) -> None:
        database.replies = [fault(CANCELED, "None", "None", "ConditionalCheckFailed", full_at={"N": str(START + 900)})]
        with pytest.raises(Unavailable) as refused:
            self.create(database, [])
        assert (refused.value.retry_after, len(database.seen)) == (1, 2)
