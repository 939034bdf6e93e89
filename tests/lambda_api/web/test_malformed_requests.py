"""Malformed bodies and events sent to both functions that face the internet."""

from __future__ import annotations

import base64
import copy
import gzip
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.limits import MAX_BODY_BYTES
from lambda_api.usecases.submit_job import submit_job
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from local.apigateway.events import HttpResponse, to_response
from tests.support import gateway
from tests.support.examples import submission
from tests.support.fakes import World

runpod_webhook = gateway.entrypoint("runpod_webhook")

Send = Callable[[Any], HttpResponse]
Event = dict[str, Any]
PLANTED = "planted-by-the-caller"

DEEP = {
    "arrays": "[" * 120_000 + "]" * 120_000,
    "arrays without end": "[" * 200_000,
    "objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
    "in a field": '{"metadata": ' + "[" * 100_000 + "]" * 100_000 + "}",
}
MALFORMED_BODIES = {
    "cut off": b'{"url_video": "https://media.exa',
    "not UTF-8": b'{"url_video": "\xff\xfe"}',
    "half of a pair": b'{"url_video": "https://media.example/\\ud800"}',
    "a comment": b"{} // " + PLANTED.encode(),
    "two values": b"{}{}",
    "a NUL": b'{"url_video": "\x00"}',
    "single quotes": b"{'url_video': 1}",
    "nothing but spaces": b"   ",
    "an array": b"[]",
    "a number of 5,000 digits": b"9" * 5000,
    **{f"deep {name}": text.encode() for name, text in DEEP.items()},
}


@pytest.fixture(scope="module")
def functions() -> Iterator[dict[str, Send]]:
    """The two functions over a world with one job at RunPod."""
    world = World()
    submit_job(world.services, submission())
    api = event_handler(create_app(world.services, gateway.settings().cors_allow_origins))

    def send(event: Any) -> HttpResponse:
        # Quotas are not tested here.
        world.store.usage.clear()
        return to_http(api(event, gateway.context()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runpod_webhook, "services", lambda: world.services)
        yield {
            "api": send,
            "hooks": lambda event: to_http(runpod_webhook.handler(event, gateway.context())),
        }


def to_http(answer: Any) -> HttpResponse:
    """Convert a response as API Gateway does, which requires the right format."""
    assert isinstance(answer["statusCode"], int)
    json.dumps(answer)
    return to_response(answer)


def is_problem(response: HttpResponse) -> bool:
    document = json.loads(response.body)
    actual = (document["status"], dict(response.headers)["content-type"])
    return actual == (response.status, "application/problem+json") and {"code", "title", "request_id"} <= set(document)


def event_with(name: str, body: bytes, **headers: str | None) -> Event:
    """Return a golden event with another body and other headers; None removes one."""
    event = gateway.golden(name)
    event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    for header, value in headers.items():
        event["headers"].pop(header.replace("_", "-"), None)
        if value is not None:
            event["headers"][header.replace("_", "-")] = value
    return event


def errors(log: io.StringIO) -> list[str]:
    return [line for line in log.getvalue().splitlines() if json.loads(line).get("level") == "ERROR"]


@pytest.mark.fault("A7")
@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES)
def test_non_object_body_is_refused(functions: dict[str, Send], body: bytes, log: io.StringIO) -> None:
    response = functions["api"](event_with("api/caption", body))
    assert response.status in {400, 422}
    assert is_problem(response)
    assert PLANTED.encode() not in response.body
    assert functions["hooks"](event_with("runpod/webhook_completed", body)).status == 200
    assert functions["hooks"](event_with("runpod/progress", body)).status == 404
    assert errors(log) == []


@pytest.mark.fault("A7")
@pytest.mark.parametrize("text", ["%%%", "a", "====", "é", "e30=\n\x00", "\ud800"])
def test_malformed_base64_is_refused(functions: dict[str, Send], text: str, log: io.StringIO) -> None:
    change = {"body": text, "isBase64Encoded": True}
    response = functions["api"](gateway.golden("api/caption") | change)
    assert response.status == 400
    assert is_problem(response)
    assert functions["hooks"](gateway.golden("runpod/webhook_completed") | change).status == 200
    assert errors(log) == []


@pytest.mark.fault("A8")
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e309", "-1e309", "9" * 5000, "1e-5000", "true"])
@pytest.mark.parametrize(
    ("name", "field"),
    [("img2vid", "duration"), ("img2vid", "frame_rate"), ("compose", "duration"), ("addaudio", "volume")],
)
def test_non_numbers_are_refused(functions: dict[str, Send], name: str, field: str, number: str) -> None:
    sent = gateway.golden(f"api/{name}")["body"]
    body = json.dumps(json.loads(sent) | {field: 0}).replace(f'"{field}": 0', f'"{field}": {number}')
    response = functions["api"](event_with(f"api/{name}", body.encode(), idempotency_key=None))
    # JSON readers parse 1e-5000 as 0, which is a valid volume.
    assert response.status in ({202} if (field, number) == ("volume", "1e-5000") else {400, 422})
    assert response.status == 202 or is_problem(response)


@pytest.mark.fault("A8")
@pytest.mark.parametrize(("number", "status"), [("-0", 202), ("-0.0", 202), ("1E0", 202), ("00", 400), ("+1", 400)])
def test_unusual_number_spellings_are_accepted(functions: dict[str, Send], number: str, status: int) -> None:
    sent = gateway.golden("api/addaudio")["body"].removesuffix("}") + f', "volume": {number}}}'
    assert functions["api"](event_with("api/addaudio", sent.encode(), idempotency_key=None)).status == status


@pytest.mark.fault("A9")
def test_last_value_of_a_repeated_field_wins() -> None:
    world = World()
    body = b'{"url_video": 7, "url_srt": "https://media.example/s.srt", "url_video": "https://media.example/last.mp4"}'
    api = event_handler(create_app(world.services, gateway.settings().cors_allow_origins))
    assert api(event_with("api/caption", body), gateway.context())["statusCode"] == 202
    [job] = world.store.jobs.values()
    assert job.operation.model_dump()["url_video"] == "https://media.example/last.mp4"


@pytest.mark.fault("A10")
@pytest.mark.parametrize("length", [None, "2", str(10 * 1024 * 1024)])
@pytest.mark.parametrize("as_text", [True, False])
def test_ten_megabyte_body_is_refused(functions: dict[str, Send], length: str | None, as_text: bool) -> None:
    body = b'{"url_video": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    event = event_with("api/caption", body, content_length=length)
    if as_text:
        event |= {"body": body.decode(), "isBase64Encoded": False}
    response = functions["api"](event)
    assert (response.status, json.loads(response.body)["code"]) == (413, "body_too_large")
    assert is_problem(response)
    hook = gateway.golden("runpod/webhook_completed")
    assert functions["hooks"](hook | {"body": event["body"], "isBase64Encoded": not as_text}).status == 200


@pytest.mark.fault("A10")
@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, 202), (MAX_BODY_BYTES + 1, 413)])
def test_body_limit_is_exact(functions: dict[str, Send], size: int, status: int) -> None:
    body = gateway.golden("api/caption")["body"].encode().ljust(size)
    assert functions["api"](event_with("api/caption", body, idempotency_key=None)).status == status


@pytest.mark.fault("A11")
def test_thousands_of_unknown_fields_are_refused(functions: dict[str, Send]) -> None:
    body = json.loads(gateway.golden("api/caption")["body"]) | {f"field{n}": PLANTED for n in range(5000)}
    response = functions["api"](event_with("api/caption", json.dumps(body).encode()))
    document = json.loads(response.body)
    assert response.status == 422
    assert is_problem(response)
    assert [error["field"] for error in document["errors"]] == [f"field{n}" for n in range(20)]
    assert PLANTED.encode() not in response.body


@pytest.mark.fault("A11")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "img2vid"}, "kind"), ({"kind": PLANTED}, "kind"), ({"url_srt": [PLANTED]}, "url_srt"),
        ({"metadata": {"a": {"b": PLANTED}}}, "metadata.a"), ({f"{PLANTED}\n<b>": 1}, "(unprintable)"),
        ({"url_srt": f"javascript:{PLANTED}"}, "url_srt"), ({"webhook_url": f"https://{PLANTED}:x/"}, "webhook_url"),
    ],
)  # fmt: skip
def test_invalid_fields_are_named_and_not_quoted(functions: dict[str, Send], change: Event, field: str) -> None:
    body = json.loads(gateway.golden("api/caption")["body"]) | change
    response = functions["api"](event_with("api/caption", json.dumps(body).encode()))
    assert [error["field"] for error in json.loads(response.body)["errors"]] == [field]
    assert response.status == 422
    assert PLANTED.encode() not in response.body


@pytest.mark.fault("A12")
@pytest.mark.parametrize(
    "sent_as",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json",
     "application/jsonp", "application/octet-stream", "text/plain, application/json", PLANTED],
)  # fmt: skip
def test_other_media_types_are_refused(functions: dict[str, Send], sent_as: str | None) -> None:
    body = gateway.golden("api/caption")["body"].encode()
    response = functions["api"](event_with("api/caption", body, content_type=sent_as))
    assert (response.status, json.loads(response.body)["code"]) == (415, "unsupported_media_type")
    assert is_problem(response)
    assert PLANTED.encode() not in response.body
    # Without a key the response is only a 401.
    assert functions["api"](event_with("api/caption", body, content_type=sent_as, x_api_key=None)).status == 401


@pytest.mark.fault("A12")
@pytest.mark.parametrize("sent_as", ["application/json; charset=utf-8", "Application/JSON", "application/ld+json"])
def test_every_spelling_of_the_json_media_type_is_accepted(functions: dict[str, Send], sent_as: str) -> None:
    body = gateway.golden("api/caption")["body"].encode()
    assert functions["api"](event_with("api/caption", body, content_type=sent_as, idempotency_key=None)).status == 202


@pytest.mark.fault("A12")
@pytest.mark.parametrize(
    ("coding", "status"), [("gzip", 415), ("br", 415), ("gzip, identity", 415), ("identity", 400), ("", 400)]
)
def test_compressed_body_is_refused(functions: dict[str, Send], coding: str, status: int) -> None:
    body = gzip.compress(gateway.golden("api/caption")["body"].encode())
    response = functions["api"](event_with("api/caption", body, content_encoding=coding))
    assert response.status == status
    assert is_problem(response)


MALFORMED_EVENTS: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "a text": PLANTED,
    "an empty event": {},
    "a warmer's": {"source": "warmer"},
    "an HTTP API's of format 1.0": {
        "version": "1.0", "path": "/health", "httpMethod": "GET", "headers": {}, "requestContext": {"requestId": "r"},
    },
    "a REST API's": {"resource": "/", "path": "/", "httpMethod": "GET", "requestContext": {"identity": {}}},
    "a load balancer's": {"requestContext": {"elb": {}}, "path": "/", "httpMethod": "GET", "headers": {}, "body": ""},
}  # fmt: skip
CHANGES: dict[str, Any] = {
    "version as a number": {"version": 2.0},
    "no request context": {"requestContext": None},
    "a request context that is a list": {"requestContext": []},
    "no http": {"requestContext": {"requestId": "r"}},
    "no method": {"requestContext": {"http": {"path": "/health"}}},
    "no path": {"rawPath": None},
    "a path that is a number": {"rawPath": 7},
    "headers in a list": {"headers": ["x-api-key"]},
    "a header that is null": {"headers": {"x-api-key": None}},
    "half of a pair in a header": {"headers": {"x-api-key": "\ud800"}},
    "a query in an object": {"rawQueryString": {"limit": 7}},
    "a body in an object": {"body": {"url_video": PLANTED}},
    "cookies that are none": {"cookies": [7]},
}


@pytest.mark.fault("A16")
@pytest.mark.parametrize("function", ["api", "hooks"])
@pytest.mark.parametrize("name", [*MALFORMED_EVENTS, *CHANGES])
def test_malformed_event_is_a_problem(
    functions: dict[str, Send], function: str, name: str, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    usual = gateway.golden({"api": "api/health", "hooks": "runpod/webhook_completed"}[function])
    response = functions[function](MALFORMED_EVENTS[name] if name in MALFORMED_EVENTS else usual | CHANGES[name])
    assert response.status == 500
    assert is_problem(response)
    assert len(errors(log)) == 1
    assert PLANTED not in log.getvalue() + response.body.decode()
    assert "Traceback" not in log.getvalue() + capfd.readouterr().err


@pytest.mark.fault("A16")
@pytest.mark.parametrize(
    "change",
    [{"headers": None}, {"body": None}, {"body": ""}, {"cookies": []}, {"rawQueryString": None}, {"stageVariables": 7}],
)
def test_optional_event_parts_may_be_missing(functions: dict[str, Send], change: Event, log: io.StringIO) -> None:
    without = {name: value for name, value in gateway.golden("api/health").items() if name not in change}
    for event in (without, without | change):
        assert functions["api"](event).status == 200
    assert functions["api"](gateway.golden("api/caption") | {"body": None}).status == 422
    assert functions["hooks"](gateway.golden("runpod/webhook_completed") | change).status == 200
    assert errors(log) == []


@pytest.mark.fault("A16")
def test_thousands_of_headers_are_accepted(functions: dict[str, Send]) -> None:
    event = gateway.golden("api/jobs")
    event["headers"] |= {f"x-{n}": "y" * 100 for n in range(20_000)} | {"prefer": "wait" + " " * 500_000}
    assert functions["api"](event).status == 200
    event["headers"]["x-api-key"] = "k" * 1_000_000
    assert functions["api"](event).status == 401


@pytest.mark.fault("A14")
@pytest.mark.parametrize("function", ["api", "hooks"])
def test_internal_error_exposes_only_the_request_id(
    functions: dict[str, Send], function: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(PLANTED)

    monkeypatch.setattr("tests.support.fakes.FakeStore.get", fail)
    response = functions[function](gateway.golden({"api": "api/job", "hooks": "runpod/webhook_completed"}[function]))
    document = json.loads(response.body)
    assert (response.status, document["code"], document["request_id"]) == (500, "internal", "JKJaXmPLvHcESHA=")
    assert is_problem(response)
    [line] = errors(log)
    assert json.loads(line)["error"] == "RuntimeError"
    assert PLANTED not in log.getvalue() + response.body.decode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["api/caption", "api/health", "api/jobs", "runpod/webhook_completed", "runpod/progress"]


def paths_in(event: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in event.items():
        yield (*at, name)
        if isinstance(value, dict):
            yield from paths_in(value, (*at, name))


@st.composite
def malformed_events(draw: st.DrawFn) -> Any:
    """Draw an event with one to three values replaced or removed."""
    event = copy.deepcopy(gateway.golden(draw(st.sampled_from(NAMES))))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(paths_in(event))))
        inside = event
        for name in path:
            inside = inside[name]
        if draw(st.booleans()):
            inside[last] = draw(JSON)
        else:
            del inside[last]
        if not event:
            break
    return event


@pytest.mark.fault("A16")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=malformed_events() | JSON)
def test_any_event_gets_a_response(functions: dict[str, Send], log: io.StringIO, event: Any) -> None:
    for send in functions.values():
        log.truncate(log.seek(0))
        response = send(event)
        assert 200 <= response.status <= 503
        assert response.status < 400 or is_problem(response)
        assert len(errors(log)) == (response.status == 500)
