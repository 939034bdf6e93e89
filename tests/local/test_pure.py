"""Faults, scaling, event shapes and the readable log: pure functions."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from local.apigateway.events import HttpRequest, to_event, to_response
from local.demo.console import format_bar, format_table
from local.logs import parse, render
from local.runpod.faults import Faults, UnknownFaultError
from local.runpod.fleet.scaler import Plan, Scaling, WorkerView, plan_scaling
from local.triggers import failed_ids, schedule_event, sqs_event


def test_fault_without_a_count_stays_until_cleared() -> None:
    faults = Faults()
    faults.set({"run": "503"})
    assert [faults.use("run").mode for _ in range(3)] == ["503"] * 3  # type: ignore[union-attr]
    faults.clear()
    assert faults.use("run") is None


def test_a_counted_fault_is_used_up() -> None:
    faults = Faults()
    faults.set({"webhook": {"mode": "delay", "times": 2, "seconds": 9}})
    first = faults.use("webhook")
    assert first is not None
    assert first.seconds(3.0) == 9
    assert faults.peek("webhook") is not None
    assert faults.use("webhook") is not None
    assert faults.use("webhook") is None


def test_fault_with_every_three_takes_its_modes_in_turn() -> None:
    faults = Faults()
    faults.set({"run": {"mode": ["503", "timeout"], "every": 3}})
    met = [faults.use("run") for _ in range(9)]
    assert [fault and fault.mode for fault in met] == [None, None, "503", None, None, "timeout", None, None, "503"]


@pytest.mark.parametrize(
    "body",
    [[], "x", {"run": {"mode": []}}, {"run": {"mode": ["503", "502"]}}, {"run": {"mode": "503", "every": 0}},
     {"runn": "503"}, {"run": "502"}, {"run": None}, {"run": {"mode": "503", "times": 0}},
     {"run": {"mode": "503", "times": True}}, {"run": {"mode": "timeout", "seconds": -1}},
     {"run": {"mode": "503", "tims": 1}}],
)  # fmt: skip
def test_unknown_faults_are_refused(body: Any) -> None:
    faults = Faults()
    with pytest.raises(UnknownFaultError):
        faults.set(body)
    assert faults.as_json() == {}


def test_faults_are_set_all_or_none() -> None:
    faults = Faults()
    with pytest.raises(UnknownFaultError, match="accept_then_reset"):
        faults.set({"webhook": "drop", "run": "nonsense"})
    assert faults.as_json() == {}


SCALING = Scaling(workers_max=2, queue_delay=4.0, idle_timeout=30.0)


@pytest.mark.parametrize(
    ("waiting", "workers", "plan"),
    [
        ([], [], Plan(0, ())),
        ([97.0], [], Plan(0, ())),
        ([96.0], [], Plan(1, ())),
        ([0.0, 0.0, 0.0], [], Plan(2, ())),
        ([0.0], [WorkerView("a", True, None)], Plan(0, ())),
        ([0.0], [WorkerView("a", False, 99.0)], Plan(0, ())),
        ([0.0], [WorkerView("a", False, None)], Plan(1, ())),
        ([0.0, 0.0], [WorkerView("a", True, None)], Plan(1, ())),
        ([0.0], [WorkerView("a", False, None), WorkerView("b", False, None)], Plan(0, ())),
        ([], [WorkerView("a", False, 70.0), WorkerView("b", False, 71.0)], Plan(0, ("a",))),
        ([0.0], [WorkerView("a", False, 0.0)], Plan(0, ())),
    ],
)
def test_scaling_at_second_100(waiting: list[float], workers: list[WorkerView], plan: Plan) -> None:
    assert plan_scaling(100.0, SCALING, waiting, workers) == plan


def test_minimum_workers_are_kept_running() -> None:
    scaling = Scaling(workers_min=1, workers_max=3, idle_timeout=1.0)
    assert plan_scaling(100.0, scaling, [], []) == Plan(1, ())
    assert plan_scaling(100.0, scaling, [], [WorkerView("a", False, 0.0)]) == Plan(0, ())
    assert plan_scaling(100.0, scaling, [], [WorkerView("a", False, 0.0), WorkerView("b", False, 5.0)]) == Plan(
        0, ("a",)
    )


GOLDEN_EVENT = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/video/é",
    "rawQueryString": "a=1&a=2&b=",
    "cookies": ["c=1", "d=2"],
    "headers": {"host": "127.0.0.1:8000", "x-api-key": "k", "accept": "x,y", "content-type": "application/json"},
    "queryStringParameters": {"a": "1,2", "b": ""},
    "requestContext": {
        "accountId": "000000000000",
        "apiId": "local",
        "domainName": "127.0.0.1:8000",
        "domainPrefix": "local",
        "http": {
            "method": "POST", "path": "/video/é", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "",
        },
        "requestId": "r1",
        "routeKey": "$default",
        "stage": "$default",
        "time": "23/Nov/2026:18:30:00 +0000",
        "timeEpoch": 1795458600123,
    },
    "body": '{"é":1}',
    "isBase64Encoded": False,
}  # fmt: skip


def _request(body: bytes, content_type: str) -> HttpRequest:
    headers = [
        ("Host", "127.0.0.1:8000"), ("X-API-Key", "k"), ("Accept", "x"), ("Accept", "y"), ("Cookie", "c=1; d=2"),
        ("Content-Type", content_type),
    ]  # fmt: skip
    return HttpRequest("POST", "/video/%C3%A9", "a=1&a=2&b=", headers, body, "127.0.0.1")


def test_an_http_request_as_the_event_of_payload_format_2() -> None:
    event = to_event(_request('{"é":1}'.encode(), "application/json"), request_id="r1", now=1795458600.123)
    assert event == GOLDEN_EVENT


@pytest.mark.parametrize(("body", "mime"), [(b"\x89PNG", "image/png"), (b"\xff\xfe", "application/json")])
def test_binary_body_is_base64(body: bytes, mime: str) -> None:
    event = to_event(_request(body, mime), request_id="r1", now=0.0)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


def test_an_empty_request_has_no_body_query_or_cookies() -> None:
    event = to_event(HttpRequest("GET", "/", "", [], b"", "127.0.0.1"), request_id="r1", now=0.0)
    assert not {"body", "cookies", "queryStringParameters"} & set(event)


@pytest.mark.parametrize(
    ("answer", "status", "body", "kind"),
    [
        ({"statusCode": 202, "headers": {"Content-Type": "a/b"}, "body": "x"}, 202, b"x", "a/b"),
        ({"statusCode": 200, "body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True}, 200, b"\xff", None),
        ({"status": "fine"}, 200, b'{"status": "fine"}', "application/json"),
        ("hello", 200, b"hello", "application/json"),
        (None, 200, b"null", "application/json"),
        ({"statusCode": "no"}, 500, b'{"message": "Internal Server Error"}', "application/json"),
        ({"statusCode": 200, "body": "%%", "isBase64Encoded": True}, 500, None, "application/json"),
        ({"statusCode": 9}, 500, None, "application/json"),
    ],
)
def test_lambda_response_becomes_http(answer: Any, status: int, body: bytes | None, kind: str | None) -> None:
    response = to_response(answer)
    assert response.status == status
    assert body is None or response.body == body
    assert kind is None or dict(response.headers)["content-type"] == kind


def test_response_cookies_become_headers() -> None:
    response = to_response({"statusCode": 200, "cookies": ["a=1", "b=2"]})
    assert [value for name, value in response.headers if name == "set-cookie"] == ["a=1", "b=2"]


MESSAGES = [{"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": "b"} for name in ("m1", "m2")]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "m2"}]}, {"m2"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"m1", "m2"}),
        ({"batchItemFailures": [{}]}, {"m1", "m2"}),
        ("odd", {"m1", "m2"}),
    ],
)
def test_partial_batch_responses(answer: Any, failed: set[str]) -> None:
    assert failed_ids(answer, MESSAGES) == failed


def test_schedule_and_queue_events() -> None:
    record = sqs_event(MESSAGES)["Records"][0]
    assert record["messageId"] == "m1"
    assert record["eventSource"] == "aws:sqs"
    assert record["md5OfBody"] == "92eb5ffee6ae2fec3ad71c777531578f"
    assert schedule_event(0.0)["time"] == "1970-01-01T00:00:00Z"


def _shown(line: str) -> str | None:
    entry = parse(line)
    return None if entry is None else render(0.0, "api", entry).split(" ", 1)[1]


def test_every_log_format_becomes_one_short_line() -> None:
    powertools = json.dumps({"level": "WARNING", "location": "f:1", "message": "m", "timestamp": "t", "job_id": "j"})
    assert _shown(powertools) == "api        WARNING m  job_id=j"
    assert _shown('{"requestId": "r", "message": "two\\nlines", "level": "WARN"}') == (
        "api        WARNING two lines  runpod_job_id=r"
    )
    assert _shown("INFO   | abc | text") == "api        INFO    text  runpod_job_id=abc"
    assert _shown("plain") == "api        INFO    plain"
    assert _shown("{broken") == "api        INFO    {broken"
    assert _shown('{"level": "ERROR", "message": "m", "exception": "Traceback\\n  x\\nValueError: v"}') == (
        "api        ERROR   m  exception=ValueError: v"
    )


def test_metrics_and_empty_lines_are_left_out() -> None:
    assert parse('{"_aws": {"Timestamp": 1}, "ColdStart": [1.0]}') is None
    assert parse("  ") is None


def test_sample_image_has_the_requested_size() -> None:
    job = {"status": "IN_PROGRESS", "progress": {"percent": 50, "stage": "encode"}}
    assert format_bar("caption", job) == f"  caption   [{'#' * 12}{'-' * 12}]  50 %  IN_PROGRESS encode"
    assert format_table(("a", "size"), [("bb", "9")]).splitlines() == ["a   size", "--  ----", "bb     9"]
