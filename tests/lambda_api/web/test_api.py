"""The HTTP contract, through Mangum with API Gateway events."""

from __future__ import annotations

import base64
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job, State
from lambda_api.domain.ports import ProviderError
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from tests.support.examples import VIDEO as BYTES
from tests.support.examples import manifest, publish, ring_webhook
from tests.support.fakes import HOOK_SECRET, World
from tests.support.gateway import Answer, Client, golden, settings

VIDEO, SRT = "https://media.example/v.mp4", "https://media.example/s.srt"
IMAGE, AUDIO = "https://media.example/p.jpg", "https://media.example/a.mp3"
CAPTION = {"url_video": VIDEO, "url_srt": SRT}


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json
    assert (document["status"], document["code"]) == (status, code)
    assert {"type", "title", "detail", "request_id", "errors"} <= set(document)
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


def fields(document: dict[str, Any]) -> list[str]:
    return [error["field"] for error in document["errors"]]


def finish(world: World, job_id: str = "job-1") -> None:
    publish(world, manifest(job_id))
    ring_webhook(world, job_id)


@pytest.mark.parametrize(
    ("path", "body", "operation"),
    [
        ("/video/caption", CAPTION, Caption(url_video=VIDEO, url_srt=SRT)),
        ("/video/img2vid", {"url_image": IMAGE}, Img2Vid(url_image=IMAGE, frame_rate=24, duration=5.0)),
        (
            "/video/img2vid",
            {"url_image": IMAGE, "frame_rate": "30", "duration": "2.5"},
            Img2Vid(url_image=IMAGE, frame_rate=30, duration=2.5),
        ),
        ("/video/addaudio", {"url_video": VIDEO, "url_audio": AUDIO}, AddAudio(url_video=VIDEO, url_audio=AUDIO)),
        ("/video/compose", {"url_image": IMAGE, "url_srt": SRT}, Compose(url_image=IMAGE, url_srt=SRT)),
    ],
)
def test_submit_is_accepted(client: Client, world: World, path: str, body: object, operation: object) -> None:
    answer = client.call("POST", path, body)
    assert answer.status == 202, answer.text
    assert (answer.headers["location"], answer.headers["retry-after"]) == ("/job/job-1", "5")
    assert world.store.jobs["job-1"].operation == operation
    assert world.store.jobs["job-1"].owner == "ada"


def test_job_has_the_published_shape(client: Client, world: World) -> None:
    client.call("POST", "/video/caption", CAPTION | {"metadata": {"scene": " 7\r\n"}})
    world.clock.advance(6000)
    finish(world)
    assert client.call("GET", "/job/job-1").json == {
        "job_id": "job-1",
        "operation": "caption",
        "status": "COMPLETED",
        "progress": {"percent": 100, "stage": "done"},
        "created_at": "2027-01-15T08:00:00.000Z",
        "started_at": "2027-01-15T08:00:01.800Z",
        "completed_at": "2027-01-15T08:00:06.000Z",
        "video_url": "https://bucket.example/jobs/job-1/output.mp4"
        "?get&X-Amz-Expires=3600&X-Amz-Signature=planted-signature",
        "video_url_expires_at": "2027-01-15T09:00:06.000Z",
        "video": {
            "width": 1920, "height": 1080, "frame_rate": 24.0, "duration_seconds": 5.0, "size_bytes": len(BYTES),
            "video_codec": "h264", "audio_codec": "aac", "sha256": "0" * 64,
        },
        "execution": {
            "queue_ms": 1800, "execution_ms": 4200, "encoder": "libx264", "video_mode": "encode", "gpu_type": None,
            "settled_by": "webhook", "warnings": [],
        },
        "cost": {"gpu_seconds": 4.2, "gpu_usd": 0.001, "basis": "estimate", "price_per_second": 0.0002},
        "error": None,
        "callback": None,
        "metadata": {"scene": "7"},
        "links": {"self": "/job/job-1", "cancel": "/job/job-1/cancel"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url_video"),
        ({"url_video": VIDEO, "url_srt": 7}, "url_srt"),
        (CAPTION | {"url_video": "ftp://media.example/x"}, "url_video"),
        (CAPTION | {"url_video": ""}, "url_video"),
        (CAPTION | {"url_video": "http://169.254.169.254/latest"}, "url_video"),
        (CAPTION | {"url_srt": "http://localhost/s.srt"}, "url_srt"),
        (CAPTION | {"colour": "blue"}, "colour"),
        (CAPTION | {"metadata": {"a": [1]}}, "metadata.a"),
        (CAPTION | {"metadata": {"a": "x" * 3000}}, "metadata"),
        (CAPTION | {"metadata": {str(n): "" for n in range(51)}}, "metadata"),
        (CAPTION | {"webhook_url": "http://hooks.example/"}, "webhook_url"),
        (CAPTION | {"webhook_url": "not a url"}, "webhook_url"),
        ([], "body"),
        (None, "body"),
        ("text", "body"),
    ],
)
def test_invalid_bodies_are_named_by_field(client: Client, world: World, body: object, field: str) -> None:
    document = problem(client.call("POST", "/video/caption", body), 422, "invalid_request")
    assert field in fields(document)
    assert world.store.jobs == {}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e309", "-1e309", "301", "0", '"x"', "[]"])
@pytest.mark.parametrize("field", ["duration", "frame_rate"])
def test_numbers_must_be_finite_and_in_range(client: Client, field: str, value: str) -> None:
    raw = f'{{"url_image": "{IMAGE}", "{field}": {value}}}'
    document = problem(client.call("POST", "/video/img2vid", raw=raw), 422, "invalid_request")
    assert fields(document) == [field]


@pytest.mark.parametrize(
    "raw", ["{", '{"a": }', "[" * 200_000, '{"duration": ' + "9" * 5000 + "}", '{"a": "\\ud800"', ""]
)
def test_malformed_json_is_a_problem(client: Client, raw: str) -> None:
    answer = client.call("POST", "/video/img2vid", raw=raw)
    assert answer.status in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("raw", ["{", '{"a": }', "[1,", "nul"])
def test_non_json_body_is_a_400(client: Client, raw: str) -> None:
    problem(client.call("POST", "/video/img2vid", raw=raw), 400, "malformed_json")


def test_invalid_utf8_is_refused(client: Client) -> None:
    event = golden("api/caption") | {"body": base64.b64encode(b'{"a": "\xff"}').decode(), "isBase64Encoded": True}
    problem(client.send(event), 400, "malformed_json")


def test_request_is_never_quoted(client: Client) -> None:
    body = CAPTION | {"url_video": "ftp://planted.example/planted", "planted key\n": "planted", "webhook_url": 7}
    answer = client.call("POST", "/video/caption", body)
    assert answer.status == 422
    assert "planted" not in answer.text


def test_oversized_body_is_refused(client: Client) -> None:
    problem(client.call("POST", "/video/caption", raw="x" * 300_000), 413, "body_too_large")


@pytest.mark.parametrize("key", [None, "", "wrong", "local-key,local-key", "k" * 5000, "ключ"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/video/caption"), ("GET", "/job/job-1"), ("GET", "/jobs")])
def test_missing_or_wrong_key_is_a_401(client: Client, key: str | None, method: str, path: str) -> None:
    problem(client.call(method, path, raw="{", key=key), 401, "unauthorized")


@pytest.mark.parametrize("path", ["/health", "/", "/docs", "/openapi.json"])
def test_public_routes_need_no_key(client: Client, path: str) -> None:
    assert client.call("GET", path, key=None).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/job/../jobs", 404, "not_found"),
        ("GET", "/job/" + "x" * 5000, 404, "not_found"),
        ("GET", "/job/%00", 404, "not_found"),
        ("DELETE", "/job/job-1", 405, "method_not_allowed"),
        ("GET", "/video/caption", 405, "method_not_allowed"),
        ("HEAD", "/jobs", 405, "method_not_allowed"),
    ],
)
def test_unknown_paths_and_methods_are_problems(client: Client, method: str, path: str, status: int, code: str) -> None:
    problem(client.call(method, path), status, code)


def test_another_owners_job_is_a_missing_job(client: Client) -> None:
    client.call("POST", "/video/caption", CAPTION)
    foreign = client.call("GET", "/job/job-1", key="other").json
    missing = client.call("GET", "/job/job-9", key="other").json
    assert foreign | {"request_id": ""} == missing | {"request_id": ""}
    problem(client.call("POST", "/job/job-1/cancel", key="other"), 404, "not_found")
    assert client.call("GET", "/jobs", key="other").json["jobs"] == []


def test_unexpected_error_is_a_problem_without_details(client: Client, world: World, log: io.StringIO) -> None:
    def fail(_: str) -> Job:
        raise RuntimeError("planted https://planted.example/?secret")

    world.store.get = fail  # type: ignore[method-assign]
    answer = client.call("GET", "/job/job-1")
    problem(answer, 500, "internal")
    assert "planted" not in answer.text
    logged = log.getvalue()
    assert "unhandled_error" in logged
    assert "RuntimeError" in logged
    assert "planted" not in logged


def test_store_outage_is_a_503_with_retry_after(client: Client, world: World, log: io.StringIO) -> None:
    world.store.down = True
    answer = client.call("POST", "/video/caption", CAPTION)
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    # The log names the failed call, the response does not.
    assert "PutItem" not in answer.text
    assert [json.loads(line)["reason"] for line in log.getvalue().splitlines() if '"unavailable"' in line] == [
        "PutItem: NoAnswer"
    ]


@pytest.mark.parametrize("path", ["/health", "/nope", "/jobs"])
def test_every_response_has_security_headers(client: Client, path: str) -> None:
    headers = client.call("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]


def test_cors_is_configured(world: World) -> None:
    client = Client(world, CORS_ALLOW_ORIGINS="https://app.example")
    preflight = {"origin": "https://app.example", "access-control-request-method": "POST"}
    allowed = client.call("OPTIONS", "/video/caption", key=None, headers=preflight)
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    refused = client.call("GET", "/health", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.fault("B1", "B3")
def test_idempotency_key_replays_the_job(client: Client, world: World) -> None:
    key = {"idempotency-key": "run-7"}
    first = client.call("POST", "/video/caption", CAPTION, headers=key)
    repeated = client.call("POST", "/video/caption", CAPTION | {"url_srt": f" {SRT}\n"}, headers=key)
    assert "idempotent-replayed" not in first.headers
    assert (repeated.status, repeated.headers["idempotent-replayed"]) == (202, "true")
    assert repeated.json["job_id"] == first.json["job_id"]
    other = client.call("POST", "/video/caption", CAPTION | {"metadata": {"a": "b"}}, headers=key)
    problem(other, 422, "idempotency_key_reused")
    assert len(world.provider.runs) == 1


@pytest.mark.fault("B5")
@pytest.mark.parametrize("key", ["x" * 256, "a b", "é", "a\x07b", "\x7f"])
def test_malformed_idempotency_keys_are_refused(client: Client, key: str) -> None:
    problem(client.call("POST", "/video/caption", CAPTION, headers={"idempotency-key": key}), 400, "invalid_header")


def test_prefer_wait_returns_200_if_the_job_ends_in_time(client: Client, world: World) -> None:
    original = world.services.store.get

    def finish_on_read(job_id: str) -> Job | None:
        world.store.get = original  # type: ignore[method-assign]
        finish(world, job_id)
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
        finish(world)
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


def test_unsignable_video_is_omitted_from_the_job(client: Client, world: World) -> None:
    key = {"idempotency-key": "k"}
    client.call("POST", "/video/caption", CAPTION, headers=key)
    finish(world)

    def fail_to_sign(key: str, seconds: int) -> str:
        raise Unavailable("The video store did not answer. Try repeated.", retry_after=2, reason="NoCredentials")

    world.objects.presign_get = fail_to_sign  # type: ignore[method-assign]
    for headers in (key, key | {"prefer": "wait=5"}):
        answer = client.call("POST", "/video/caption", CAPTION, headers=headers)
        assert (answer.status, answer.headers["location"], answer.headers["retry-after"]) == (202, "/job/job-1", "5")
        assert (answer.json["status"], answer.json["video_url"]) == ("COMPLETED", None)
    problem(client.call("GET", "/job/job-1"), 503, "unavailable")


@pytest.mark.fault("E11")
def test_second_cancel_is_a_409(client: Client) -> None:
    client.call("POST", "/video/caption", CAPTION)
    assert client.call("POST", "/job/job-1/cancel").json["status"] == "CANCELLED"
    document = problem(client.call("POST", "/job/job-1/cancel"), 409, "job_already_finished")
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
    problem(client.call("GET", f"/jobs?{query}"), 422, "invalid_request")


def test_runpod_health_and_config(client: Client, world: World) -> None:
    assert client.call("GET", "/runpod/health").json == {
        "endpoint_id": "endpoint", "jobs": {"inQueue": 2}, "workers": {"idle": 1},
    }  # fmt: skip
    assert client.call("GET", "/runpod/config").json == {"id": "endpoint", "workers": {"min": 0, "max": 3}}
    world.provider.down = True
    for path in ("/runpod/health", "/runpod/config"):
        problem(client.call("GET", path), 503, "unavailable")


def test_get_job_does_not_need_runpod(client: Client, world: World) -> None:
    client.call("POST", "/video/caption", CAPTION)
    world.provider.failures = [ProviderError("down")] * 9
    assert client.call("GET", "/job/job-1").json["status"] == State.IN_QUEUE


def test_secrets_and_captions_are_not_logged(client: Client, world: World, log: io.StringIO) -> None:
    body = CAPTION | {"url_video": VIDEO + "?planted", "webhook_url": "https://hooks.example/?planted"}
    client.call(
        "POST", "/video/caption", body | {"metadata": {"planted": "planted"}}, headers={"idempotency-key": "planted"}
    )
    finish(world)
    client.call("GET", "/job/job-1")
    client.call("GET", "/job/job-1", key="planted")
    logged = log.getvalue()
    assert [json.loads(line)["message"] for line in logged.splitlines()].count("request") == 3
    for secret in ("planted", "local-key", HOOK_SECRET, "X-Amz", make_token(HOOK_SECRET, "webhook", "job-1", 1)):
        assert secret not in logged
