"""Reading, listing and canceling jobs, and the state of RunPod."""

from __future__ import annotations

import pytest

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import State
from lambda_api.domain.ports import ProviderError
from tests.support.examples import finish_job
from tests.support.fakes import World
from tests.support.gateway import Client, assert_problem

VIDEO, SRT = "https://media.example/v.mp4", "https://media.example/s.srt"
CAPTION = {"url_video": VIDEO, "url_srt": SRT}


def test_another_owners_job_is_a_missing_job(client: Client) -> None:
    client.call("POST", "/video/caption", CAPTION)
    foreign = client.call("GET", "/job/job-1", key="other").json
    missing = client.call("GET", "/job/job-9", key="other").json
    assert foreign | {"request_id": ""} == missing | {"request_id": ""}
    assert_problem(client.call("POST", "/job/job-1/cancel", key="other"), 404, "not_found")
    assert client.call("GET", "/jobs", key="other").json["jobs"] == []


def test_unsignable_video_is_omitted_from_the_job(client: Client, world: World) -> None:
    key = {"idempotency-key": "k"}
    client.call("POST", "/video/caption", CAPTION, headers=key)
    finish_job(world)

    def fail_to_sign(*_given: object, **_named: object) -> str:
        raise Unavailable("The video store did not answer. Try repeated.", retry_after=2, reason="NoCredentials")

    world.objects.presign_get = fail_to_sign  # type: ignore[method-assign]
    for headers in (key, key | {"prefer": "wait=5"}):
        answer = client.call("POST", "/video/caption", CAPTION, headers=headers)
        assert (answer.status, answer.headers["location"], answer.headers["retry-after"]) == (202, "/job/job-1", "5")
        assert (answer.json["status"], answer.json["video_url"]) == ("COMPLETED", None)
    assert_problem(client.call("GET", "/job/job-1"), 503, "unavailable")


@pytest.mark.fault("E11")
def test_second_cancel_is_a_409(client: Client) -> None:
    client.call("POST", "/video/caption", CAPTION)
    assert client.call("POST", "/job/job-1/cancel").json["status"] == "CANCELLED"
    document = assert_problem(client.call("POST", "/job/job-1/cancel"), 409, "job_already_finished")
    assert document["job_status"] == "CANCELLED"


def test_jobs_are_listed_in_pages(client: Client, world: World) -> None:
    for _ in range(3):
        world.clock.advance(1000)
        client.call("POST", "/video/caption", CAPTION)
    first = client.call("GET", "/jobs?limit=2").json
    assert [job["job_id"] for job in first["jobs"]] == ["job-3", "job-2"]
    rest = client.call("GET", "/jobs?limit=2&cursor=" + first["next_cursor"].replace("#", "%23")).json
    assert ([job["job_id"] for job in rest["jobs"]], rest["next_cursor"]) == (["job-1"], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "cursor=" + "x" * 300])
def test_invalid_page_parameters_are_refused(client: Client, query: str) -> None:
    assert_problem(client.call("GET", f"/jobs?{query}"), 422, "invalid_request")


def test_runpod_health_and_config(client: Client, world: World) -> None:
    assert client.call("GET", "/runpod/health").json == {
        "endpoint_id": "endpoint", "jobs": {"inQueue": 2}, "workers": {"idle": 1},
    }  # fmt: skip
    assert client.call("GET", "/runpod/config").json == {"id": "endpoint", "workers": {"min": 0, "max": 3}}
    world.provider.down = True
    for path in ("/runpod/health", "/runpod/config"):
        assert_problem(client.call("GET", path), 503, "unavailable")


def test_get_job_does_not_need_runpod(client: Client, world: World) -> None:
    client.call("POST", "/video/caption", CAPTION)
    world.provider.failures = [ProviderError("down")] * 9
    assert client.call("GET", "/job/job-1").json["status"] == State.IN_QUEUE
