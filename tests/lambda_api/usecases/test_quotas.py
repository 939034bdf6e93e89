"""Quotas: an owner over the limit gets Retry-After, and no other owner is affected."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lambda_api import wiring
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.policy import HOUR, SECOND
from lambda_api.domain.ports import ProviderRejected
from lambda_api.usecases.sweep import sweep
from local.aws.names import TABLE
from tests.support.aws import CREDENTIALS, Aws
from tests.support.examples import manifest, publish, ring_webhook
from tests.support.fakes import API_KEYS, World
from tests.support.gateway import Answer, Client, environment, reset_wiring
from tests.support.scripted_server import closed_url

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
