"""`Prefer: wait`: the response waits for the job, within the request and the function."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from tests.support.examples import finish_job
from tests.support.fakes import World
from tests.support.gateway import Client, golden, settings

VIDEO, SRT = "https://media.example/v.mp4", "https://media.example/s.srt"
CAPTION = {"url_video": VIDEO, "url_srt": SRT}


def test_prefer_wait_returns_200_if_the_job_ends_in_time(client: Client, world: World) -> None:
    original = world.services.store.get

    def finish_on_read(job_id: str) -> Job | None:
        world.store.get = original  # type: ignore[method-assign]
        finish_job(world, job_id)
        return original(job_id)

    world.store.get = finish_on_read  # type: ignore[method-assign]
    answer = client.call("POST", "/video/caption", CAPTION, headers={"prefer": "respond-async, wait=10"})
    assert (answer.status, answer.json["status"]) == (200, "COMPLETED")
    assert answer.headers["preference-applied"] == "wait"


@pytest.mark.parametrize(("prefer", "waited"), [("wait=3", 3000), ("wait=999", 25_000), ("wait=x", 0), ("", 0)])
def test_prefer_wait_returns_202_after_the_wait(client: Client, world: World, prefer: str, waited: int) -> None:
    started_at = world.clock.now
    assert client.call("POST", "/video/caption", CAPTION, headers={"prefer": prefer}).status == 202
    assert world.clock.now - started_at == waited


@pytest.mark.parametrize("wait", [3, 25])
def test_prefer_wait_counts_from_the_arrival_of_the_request(client: Client, world: World, wait: int) -> None:
    started_at = world.clock.now
    world.provider.during_run = lambda: world.clock.advance(5000)
    assert client.call("POST", "/video/caption", CAPTION, headers={"prefer": f"wait={wait}"}).status == 202
    assert world.clock.now - started_at == max(wait, 5) * 1000


@pytest.mark.parametrize(("left", "waited"), [(26_000, 24_000), (2500, 500), (2000, 0), (100, 0)])
def test_prefer_wait_ends_before_the_function_timeout(world: World, left: int, waited: int) -> None:
    started_at = world.clock.now
    function = SimpleNamespace(get_remaining_time_in_millis=lambda: left - (world.clock.now - started_at))
    event = golden("api/caption")
    event["headers"]["prefer"] = "wait=25"
    answer = event_handler(create_app(world.services, settings().cors_allow_origins))(event, function)
    assert answer["statusCode"] == 202
    assert world.clock.now - started_at == waited


def test_store_outage_while_waiting_still_returns_the_job(client: Client, world: World) -> None:
    def fail_then_finish(job_id: str) -> Job | None:
        world.store.get = original  # type: ignore[method-assign]
        finish_job(world)
        raise Unavailable("The job store did not answer. Try repeated.", retry_after=2)

    original = world.store.get
    world.store.get = fail_then_finish  # type: ignore[method-assign]
    answer = client.call("POST", "/video/caption", CAPTION, headers={"prefer": "wait=10"})
    assert (answer.status, answer.json["status"]) == (200, "COMPLETED")

    def down(_: str) -> Job | None:
        raise Unavailable("The job store did not answer. Try repeated.", retry_after=2)

    world.store.get = down  # type: ignore[method-assign]
    answer = client.call("POST", "/video/caption", CAPTION, headers={"prefer": "wait=10"})
    assert (answer.status, answer.headers["location"], answer.headers["retry-after"]) == (202, "/job/job-2", "5")
    assert answer.json["status"] == "IN_QUEUE"
