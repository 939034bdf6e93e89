"""The routes of deliveries, redelivery, tests and defaults, and the filters of lists."""

from __future__ import annotations

import pytest

from lambda_api.domain.job import Callback
from lambda_api.domain.ports import DeliveryResult
from lambda_api.usecases.deliver_callback import deliver_callback
from tests.support.examples import finish_job
from tests.support.fakes import World
from tests.support.gateway import Client, assert_problem

CAPTION = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}
URL = "https://hooks.example/wait?signature=planted"


def deliver(client: Client, world: World, url: str = URL) -> None:
    """Finish a job whose receiver refuses its callback."""
    client.call("POST", "/video/caption", CAPTION | {"webhook_url": url})
    finish_job(world)
    world.sender.responses = [DeliveryResult(ok=False, result="http_401", response="Invalid token")]
    deliver_callback(world.services, "job-1")


def test_deliveries_show_what_the_receiver_answered(client: Client, world: World) -> None:
    deliver(client, world)
    listed = client.call("GET", "/webhooks/deliveries").json
    (entry,) = listed["deliveries"]
    assert listed["next_cursor"] is None
    assert entry | {"body": "", "duration_ms": 0} == {
        "delivery_id": "dlv_job-1_end_1", "job_id": "job-1", "type": "job.completed", "webhook_id": "msg_job-1",
        "attempt": 1, "url": "https://hooks.example/wait", "status": "failed", "result": "http_401",
        "response": "Invalid token", "created_at": "2027-01-15T08:00:00.000Z", "duration_ms": 0,
        "next_attempt_at": "2027-01-15T08:00:05.000Z", "headers": {}, "body": "", "target": None,
    }  # fmt: skip
    assert entry["body"] == world.sender.posts[0][4]
    for path in ("/job/job-1/deliveries", "/job/JOB-1/deliveries", "/webhooks/deliveries?job_id=job-1"):
        assert client.call("GET", path).json == listed
    assert client.call("GET", "/job/job-1").json["callback"] == {
        "status": "PENDING", "attempts": 1, "next_attempt_at": "2027-01-15T08:00:05.000Z", "last_result": "http_401",
    }  # fmt: skip


def test_no_other_owner_reads_or_redelivers(client: Client, world: World) -> None:
    deliver(client, world)
    world.clock.advance(2000)
    for query in ("", "?after=2026-01-01", "?after=2026-01-01T00:00:00Z"):
        assert client.call("GET", f"/webhooks/deliveries{query}", key="other").json["deliveries"] == []
        assert len(client.call("GET", f"/webhooks/deliveries{query}").json["deliveries"]) == 1
    for method, path in (
        ("GET", "/webhooks/deliveries?job_id=job-1"),
        ("GET", "/job/job-1/deliveries"),
        ("POST", "/job/job-1/redeliver"),
        ("GET", "/webhooks/default"),
    ):
        assert_problem(client.call(method, path, key="other"), 404, "not_found")
        assert_problem(client.call(method, path, key=None), 401, "unauthorized")


def test_listener_continues_from_its_cursor(client: Client, world: World) -> None:
    start = client.call("GET", "/webhooks/deliveries?after=2027-01-01").json
    assert start["deliveries"] == []
    deliver(client, world, "listen:http://localhost:5678/hook?x=1")
    world.clock.advance(2000)
    after = start["next_cursor"].replace("#", "%23")
    page = client.call("GET", f"/webhooks/deliveries?after={after}").json
    (entry,) = page["deliveries"]
    assert (entry["status"], entry["target"], entry["url"]) == (
        "held", "http://localhost:5678/hook?x=1", "listen:http://localhost:5678/hook",
    )  # fmt: skip
    after = page["next_cursor"].replace("#", "%23")
    assert client.call("GET", f"/webhooks/deliveries?after={after}").json["deliveries"] == []
    assert client.call("GET", "/job/job-1").json["callback"]["status"] == "HELD"


@pytest.mark.parametrize("query", ["after=nonsense", "after=2027-13-01", "cursor=x", "limit=101", "order=newest"])
def test_invalid_parameters_are_refused(client: Client, query: str) -> None:
    refused = assert_problem(client.call("GET", f"/webhooks/deliveries?{query}"), 422, "invalid_request")
    if query == "after=2027-13-01":
        assert "a time" in refused["detail"]


def test_redelivery_is_accepted_or_refused_with_a_reason(client: Client, world: World) -> None:
    client.call("POST", "/video/caption", CAPTION | {"webhook_url": URL})
    early = assert_problem(client.call("POST", "/job/job-1/redeliver"), 409, "job_not_finished")
    assert early["job_status"] == "IN_QUEUE"
    finish_job(world)
    deliver_callback(world.services, "job-1")
    again = client.call("POST", "/job/job-1/redeliver")
    assert (again.status, again.json["callback"]["status"], again.json["callback"]["attempts"]) == (202, "PENDING", 1)
    client.call("POST", "/video/caption", CAPTION)
    finish_job(world, "job-2")
    assert_problem(client.call("POST", "/job/job-2/redeliver"), 409, "no_webhook_url")


def test_test_tells_how_the_receiver_answers(client: Client, world: World) -> None:
    world.sender.responses = [DeliveryResult(ok=False, result="http_401", response="Invalid token", duration_ms=7)]
    answer = client.call("POST", "/webhooks/test", {"url": URL})
    assert answer.status == 200
    assert answer.json | {"delivery_id": ""} == {
        "delivery_id": "", "type": "webhook.test", "status": "failed", "result": "http_401", "duration_ms": 7,
        "response": "Invalid token",
    }  # fmt: skip
    assert_problem(client.call("POST", "/webhooks/test", {}), 409, "no_webhook_url")
    assert_problem(client.call("POST", "/webhooks/test", {"url": "http://10.0.0.1/"}), 422, "invalid_request")
    assert_problem(client.call("POST", "/webhooks/test", {"url": URL}, key="other"), 422, "invalid_request")
    assert len(world.sender.posts) == 1


def test_default_is_set_read_and_removed(client: Client, world: World) -> None:
    assert_problem(client.call("GET", "/webhooks/default"), 404, "not_found")
    body = {"url": " https://HOOKS.example/x ", "events": "failed, progress"}
    stored = {"url": "https://hooks.example/x", "events": ["job.failed", "job.progress"]}
    assert client.call("PUT", "/webhooks/default", body).json == stored
    assert client.call("GET", "/webhooks/default").json == stored
    client.call("POST", "/video/caption", CAPTION)
    assert world.store.jobs["job-1"].callback == Callback(url=stored["url"], events=("job.failed", "job.progress"))
    assert [client.call("DELETE", "/webhooks/default").status for _ in range(2)] == [204, 204]
    assert_problem(client.call("GET", "/webhooks/default"), 404, "not_found")
    for wrong in ({}, {"url": "ftp://x.example"}, {"url": URL, "events": ["nope"]}, {"url": URL, "evnts": []}):
        assert_problem(client.call("PUT", "/webhooks/default", wrong), 422, "invalid_request")


@pytest.mark.parametrize(
    ("events", "stored"),
    [
        (["completed", "JOB.FAILED", "job.completed"], ("job.completed", "job.failed")),
        ("progress", ("job.progress",)),
        (None, None),
        ("", None),
    ],
)
def test_events_are_chosen_at_submit(
    client: Client, world: World, events: object, stored: tuple[str, ...] | None
) -> None:
    sent = client.call("POST", "/video/caption", CAPTION | {"webhook_url": URL, "webhook_events": events})
    assert sent.status == 202
    assert world.store.jobs["job-1"].callback == Callback(url=URL, events=stored)


@pytest.mark.parametrize("events", [["completed", "nope"], {"a": 1}, [1], 7])
def test_unknown_events_are_refused_with_the_choices(client: Client, events: object) -> None:
    answer = client.call("POST", "/video/caption", CAPTION | {"webhook_url": URL, "webhook_events": events})
    problem = assert_problem(answer, 422, "invalid_request")
    assert "webhook_events" in problem["detail"]
    assert "job.progress" in problem["detail"]


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("listen:ftp://x", "listen:http://localhost:5678/hook"),
        ("http://localhost:5678/hook", "api-gpu webhooks listen"),
        ("https://192.168.1.5/hook", "api-gpu webhooks listen"),
    ],
)
def test_receiver_on_the_clients_machine_is_explained(client: Client, url: str, part: str) -> None:
    problem = assert_problem(
        client.call("POST", "/video/caption", CAPTION | {"webhook_url": url}), 422, "invalid_request"
    )
    assert part in problem["detail"]


def test_jobs_are_filtered(client: Client, world: World) -> None:
    for scene in "778":
        client.call("POST", "/video/caption", CAPTION | {"metadata": {"scene": scene, "a": "b:c"}})
        world.clock.advance(60_000)
    client.call("POST", "/job/job-2/cancel")

    def found(query: str) -> list[str]:
        return [job["job_id"] for job in client.call("GET", f"/jobs?{query}").json["jobs"]]

    assert found("state=CANCELLED") == ["job-2"]
    assert found("state=cancelled,in_queue&state=FAILED") == ["job-3", "job-2", "job-1"]
    assert found("metadata=scene:7") == ["job-2", "job-1"]
    assert found("metadata=scene:7&metadata=a:b:c&state=IN_QUEUE") == ["job-1"]
    assert found("operation=caption&created_after=2027-01-15T08:01:00Z") == ["job-3", "job-2"]
    assert found("operation=trim") == []
    assert found("created_before=2027-01-15T09:01:00%2B01:00") == ["job-1"]
    assert found("created_before=2027-01-15T09:01:00+01:00") == ["job-1"]
    assert found("created_after=2027-01-15&created_before=2027-01-16") == ["job-3", "job-2", "job-1"]
    page = client.call("GET", "/jobs?metadata=scene:7&limit=1").json
    assert found("metadata=scene:7&limit=1&cursor=" + page["next_cursor"].replace("#", "%23")) == ["job-1"]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("state=DONE", "state: must be one or more of ACCEPTED"),
        ("operation=nope", "operation: must be one of"),
        ("metadata=scene", "metadata: must be a key and a value"),
        ("metadata=:7", "metadata: must be a key and a value"),
        ("created_after=yesterday", "created_after: must be a date"),
        ("created_after=2027-01-15T08:00:00", "created_after: must be a date"),
        ("created_before=20270115", "created_before: must be a date"),
        ("created_after=" + "9" * 300, "created_after: must be a date"),
    ],
)
def test_wrong_filters_are_explained(client: Client, query: str, part: str) -> None:
    assert part in assert_problem(client.call("GET", f"/jobs?{query}"), 422, "invalid_request")["detail"]
