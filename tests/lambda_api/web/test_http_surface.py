"""Unknown paths, methods, ids and origins."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import World
from tests.support.gateway import Answer, Client, golden

PLANTED = "planted-by-the-caller"
PAGE = "https://app.example"


def problem_of(answer: Answer) -> tuple[int, str]:
    """Return the status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json["status"] == answer.status
    return answer.status, answer.json["code"]


@pytest.mark.fault("A13")
@pytest.mark.parametrize(
    "path",
    [
        "/nope", "//", "/JOBS", "/Jobs", "/jobs/", "//jobs", "/jobs//", "/job", "/job/", "/job//", "/job/a/b",
        "/job//cancel", "/job/a%2Fb", "/job/../jobs", "/./jobs", "/video", "/video/caption/", "/video/%63aption/",
        "/docs/", "/docs/oauth2-redirect", "/redoc", "/openapi.yaml", "/.env", "/health%00", "/\\jobs", "/jobs;a=b",
        "/runpod/webhook/job-1/token", "/runpod/progress/job-1/token", "*", "http://evil.example/jobs",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_path_is_a_404_problem(client: Client, method: str, path: str) -> None:
    answer = client.call(method, path, {})
    assert problem_of(answer) == (404, "not_found")
    # A redirect would name a host and lose the body.
    assert "location" not in answer.headers


@pytest.mark.fault("A13")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY", "get"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/jobs", "GET"), ("/job/job-1", "GET"), ("/job/job-1/cancel", "POST"), ("/video/caption", "POST"), ("/", "GET")],
)
def test_wrong_method_is_a_405_problem(client: Client, method: str, path: str, allowed: str) -> None:
    answer = client.call(method, path)
    assert problem_of(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
    if method != "HEAD":
        assert answer.json["detail"].endswith(f"; it allows {allowed}.")


@pytest.mark.parametrize(
    ("method", "path", "says"),
    [
        ("POST", "/webhooks/test", "send a JSON object, for example {}."),
        ("PUT", "/webhooks/default", 'for example {"url": "https://hooks.example.com/videos"}.'),
        ("POST", "/video/caption", 'for example {"url_srt": '),
        ("POST", "/uploads", 'for example {"filename": "clip.mp4", "size_bytes": '),
    ],
)
def test_missing_body_is_described_by_an_example_of_its_route(
    client: Client, method: str, path: str, says: str
) -> None:
    answer = client.call(method, path)
    assert problem_of(answer) == (422, "invalid_request")
    assert says in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/jobs?status=FAILED", "status: no such field; did you mean state?"),
        ("/jobs?since=2026-12-01", "did you mean created_after?"),
        ("/webhooks/deliveries?since=2026-12-01", "did you mean after?"),
        ("/costs?until=2026-12-01", "did you mean to?"),
    ],
)
def test_usual_names_of_filters_lead_to_ours(client: Client, path: str, meant: str) -> None:
    assert meant in client.call("GET", path).json["detail"]


def test_path_is_not_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client.call("GET", f"/{PLANTED}?{PLANTED}")
    assert "request" in caplog.messages
    assert PLANTED not in caplog.text


def test_health_accepts_head(client: Client) -> None:
    assert client.call("HEAD", "/health", key=None).status == 200


IDS = {
    "up": "..", "up, encoded": "%2e%2e", "up, encoded twice": "%252e%252e", "a NUL": "%00", "a NUL inside": "job-1%00",
    "a line end": "job-1%0a", "a space": "%20job-1", "5 KB": "x" * 5000, "65 characters": "x" * 65, "Cyrillic": "жоб",
    "an emoji": "🎬", "full-width digits": "job-１", "no UTF-8": "%ff%fe", "a key of ours": "JOB#job-1",
    "SQL": "' OR 1", "a template": "{{7*7}}", "a right-to-left mark": "job-1\u202e", "a percent sign": "%",
    "our own, quoted": '"job-1"',
}  # fmt: skip


@pytest.mark.fault("A15")
@pytest.mark.parametrize("job_id", IDS.values(), ids=IDS)
def test_malformed_job_id_is_not_found(client: Client, world: World, job_id: str) -> None:
    missing = client.call("GET", "/job/job-9")
    # The store is not called for such an id.
    world.store.down = True
    for method, path in (("GET", f"/job/{job_id}"), ("POST", f"/job/{job_id}/cancel")):
        answer = client.call(method, path)
        assert problem_of(answer) == (404, "not_found")
        assert answer.json | {"request_id": ""} == missing.json | {"request_id": ""}
        assert answer.headers == missing.headers


@pytest.mark.fault("A13")
def test_allowed_origin_gets_cors_headers() -> None:
    client = Client(World(), CORS_ALLOW_ORIGINS=f"{PAGE},https://other.example")
    preflight = {
        "origin": PAGE, "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, x-api-key, idempotency-key, prefer",
    }  # fmt: skip
    answer = client.call("OPTIONS", "/video/caption", key=None, headers=preflight)
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "POST" in answer.headers["access-control-allow-methods"]
    shown = client.call("GET", "/jobs", headers={"origin": PAGE})
    assert shown.headers["access-control-allow-origin"] == PAGE
    assert "Location" in shown.headers["access-control-expose-headers"]


@pytest.mark.fault("A13")
@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": f"{PAGE}.evil.example"},
        {"access-control-request-method": "PATCH"}, {"access-control-request-headers": "x-evil"},
    ],
)  # fmt: skip
def test_refused_origin_gets_a_problem(change: dict[str, str]) -> None:
    client = Client(World(), CORS_ALLOW_ORIGINS=PAGE)
    preflight = {"origin": PAGE, "access-control-request-method": "POST"} | change
    answer = client.call("OPTIONS", "/video/caption", key=None, headers=preflight)
    assert problem_of(answer) == (403, "origin_refused")
    assert "access-control-allow-origin" not in answer.headers


def requests_with(word: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw requests with a word of the caller in some value, never in the name of a field."""
    text = st.builds(
        "{}{}{}".format, st.sampled_from(["", "https://", "ftp://", "\n", "é"]), st.just(word), st.text(max_size=3)
    )
    value = text | st.lists(text, min_size=1, max_size=2) | st.fixed_dictionaries({"a": text})
    names = st.sampled_from(["url_video", "url_srt", "kind", "metadata", "webhook_url", "volume", "size", "nope"])
    ascii_text = st.builds("{}{}".format, st.just(word), st.text("abc %=,;", max_size=4))
    return st.fixed_dictionaries(
        {
            "path": st.sampled_from(
                ["/video/caption", "/video/addaudio", "/video/compose", f"/job/{word}", f"/{word}"]
            ),
            "method": st.sampled_from(["POST", "GET", word]),
            "query": st.just("") | st.sampled_from([f"limit={word}", f"cursor={word}", f"{word}={word}"]),
            "body": st.dictionaries(names, value, max_size=4).map(json.dumps) | ascii_text,
            "headers": st.dictionaries(
                st.sampled_from(["idempotency-key", "prefer", "content-type", "origin", "host", "x-api-key"]),
                ascii_text,
            ),
        }
    )


@pytest.fixture(scope="module")
def failing_client() -> Client:
    """A client whose every request fails, because nothing can be stored."""
    world = World()
    world.store.down = True
    return Client(world, CORS_ALLOW_ORIGINS=PAGE)


@pytest.mark.fault("A11")
@settings(max_examples=300, deadline=None)
@given(sent=requests_with(PLANTED))
def test_no_refusal_quotes_the_request(failing_client: Client, sent: dict[str, Any]) -> None:
    event = golden("api/caption") | {"rawPath": sent["path"], "rawQueryString": sent["query"], "body": sent["body"]}
    event["headers"] |= sent["headers"]
    event["requestContext"]["http"]["method"] = sent["method"]
    answer = failing_client.send(event)
    problem_of(answer)
    assert PLANTED not in answer.text
    assert PLANTED not in json.dumps(dict(answer.headers))
