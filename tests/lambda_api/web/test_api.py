"""The HTTP contract of submits and refusals, through Mangum with API Gateway events."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from contract.prices import PRICE_TABLE_VERSION
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.job import Job
from tests.support.examples import VIDEO as BYTES
from tests.support.examples import finish_job
from tests.support.fakes import HOOK_SECRET, World
from tests.support.gateway import Client, assert_problem, golden

VIDEO, SRT = "https://media.example/v.mp4", "https://media.example/s.srt"
IMAGE, AUDIO = "https://media.example/p.jpg", "https://media.example/a.mp3"
CAPTION = {"url_video": VIDEO, "url_srt": SRT}


def fields(document: dict[str, Any]) -> list[str]:
    return [error["field"] for error in document["errors"]]


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


def test_requests_are_answered_without_an_event_loop(client: Client) -> None:
    async def nothing() -> None:
        pass

    asyncio.run(nothing())  # leaves the thread without a loop
    with ThreadPoolExecutor(1) as threads:
        answers = [client.call("GET", "/health"), threads.submit(client.call, "GET", "/health").result()]
    assert [answer.status for answer in answers] == [200, 200]


def test_job_has_the_published_shape(client: Client, world: World) -> None:
    client.call("POST", "/video/caption", CAPTION | {"metadata": {"scene": " 7\r\n"}})
    world.clock.advance(6000)
    finish_job(world)
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
        "artifacts": [
            {
                "name": "output.mp4", "kind": "video", "content_type": "video/mp4",
                "url": "https://bucket.example/jobs/job-1/output.mp4"
                "?get&X-Amz-Expires=3600&X-Amz-Signature=planted-signature",
                "url_expires_at": "2027-01-15T09:00:06.000Z", "size_bytes": len(BYTES), "sha256": "0" * 64,
            },
        ],
        "execution": {
            "queue_ms": 1800, "execution_ms": 4200, "encoder": "libx264", "video_mode": "encode", "gpu_type": None,
            "copied_seconds": 0.0, "encoded_seconds": 5.0, "settled_by": "webhook", "word_timing": None,
            "fonts_used": [], "loudness": None, "warnings": [],
        },
        "cost": {
            "gpu_seconds": 4.2, "start_seconds": None, "idle_seconds": None, "billed_seconds": 5, "gpu_usd": 0.001,
            "gpu_type": None, "price_per_second": 0.0002, "price_table": PRICE_TABLE_VERSION, "basis": "estimated",
        },
        "error": None,
        "callback": None,
        "metadata": {"scene": "7"},
        "links": {"self": "/job/job-1", "cancel": "/job/job-1/cancel", "video": "/job/job-1/video"},
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
    document = assert_problem(client.call("POST", "/video/caption", body), 422, "invalid_request")
    assert field in fields(document)
    assert world.store.jobs == {}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e309", "-1e309", "301", "0", '"x"', "[]"])
@pytest.mark.parametrize("field", ["duration", "frame_rate"])
def test_numbers_must_be_finite_and_in_range(client: Client, field: str, value: str) -> None:
    raw = f'{{"url_image": "{IMAGE}", "{field}": {value}}}'
    document = assert_problem(client.call("POST", "/video/img2vid", raw=raw), 422, "invalid_request")
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
    assert_problem(client.call("POST", "/video/img2vid", raw=raw), 400, "malformed_json")


def test_invalid_utf8_is_refused(client: Client) -> None:
    event = golden("api/caption") | {"body": base64.b64encode(b'{"a": "\xff"}').decode(), "isBase64Encoded": True}
    assert_problem(client.send(event), 400, "malformed_json")


def test_request_is_never_quoted(client: Client) -> None:
    body = CAPTION | {"url_video": "ftp://planted.example/planted", "planted key\n": "planted", "webhook_url": 7}
    answer = client.call("POST", "/video/caption", body)
    assert answer.status == 422
    assert "planted" not in answer.text


def test_oversized_body_is_refused(client: Client) -> None:
    assert_problem(client.call("POST", "/video/caption", raw="x" * 300_000), 413, "body_too_large")


@pytest.mark.parametrize("key", [None, "", "wrong", "local-key,local-key", "k" * 5000, "ключ"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/video/caption"), ("GET", "/job/job-1"), ("GET", "/jobs")])
def test_missing_or_wrong_key_is_a_401(client: Client, key: str | None, method: str, path: str) -> None:
    assert_problem(client.call(method, path, raw="{", key=key), 401, "unauthorized")


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
    assert_problem(client.call(method, path), status, code)


def test_unexpected_error_is_a_problem_without_details(client: Client, world: World, log: io.StringIO) -> None:
    def fail(_: str) -> Job:
        raise RuntimeError("planted https://planted.example/?secret")

    world.store.get = fail  # type: ignore[method-assign]
    answer = client.call("GET", "/job/job-1")
    assert_problem(answer, 500, "internal")
    assert "planted" not in answer.text
    logged = log.getvalue()
    assert "unhandled_error" in logged
    assert "RuntimeError" in logged
    assert "planted" not in logged


def test_store_outage_is_a_503_with_retry_after(client: Client, world: World, log: io.StringIO) -> None:
    world.store.down = True
    answer = client.call("POST", "/video/caption", CAPTION)
    assert_problem(answer, 503, "unavailable")
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
    assert_problem(other, 422, "idempotency_key_reused")
    assert len(world.provider.runs) == 1


@pytest.mark.fault("B5")
@pytest.mark.parametrize("key", ["x" * 256, "a b", "é", "a\x07b", "\x7f"])
def test_malformed_idempotency_keys_are_refused(client: Client, key: str) -> None:
    assert_problem(
        client.call("POST", "/video/caption", CAPTION, headers={"idempotency-key": key}), 400, "invalid_header"
    )


def test_secrets_and_captions_are_not_logged(client: Client, world: World, log: io.StringIO) -> None:
    body = CAPTION | {"url_video": VIDEO + "?planted", "webhook_url": "https://hooks.example/?planted"}
    client.call(
        "POST", "/video/caption", body | {"metadata": {"planted": "planted"}}, headers={"idempotency-key": "planted"}
    )
    finish_job(world)
    client.call("GET", "/job/job-1")
    client.call("GET", "/job/job-1", key="planted")
    logged = log.getvalue()
    assert [json.loads(line)["message"] for line in logged.splitlines()].count("request") == 3
    for secret in ("planted", "local-key", HOOK_SECRET, "X-Amz", make_token(HOOK_SECRET, "webhook", "job-1", 1)):
        assert secret not in logged
