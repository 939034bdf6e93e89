"""`dry_run` through HTTP: every operation has it, and it leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest

from contract.documentation.describe import describe
from contract.operations import OPERATIONS
from lambda_api.domain.inputs import Answer
from tests.support.fakes import World
from tests.support.gateway import Client

CAPTION = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}


@pytest.mark.parametrize("kind", list(OPERATIONS))
def test_every_submit_has_a_dry_run(client: Client, world: World, kind: str) -> None:
    operation = OPERATIONS[kind]
    body = {name: value for name, value in describe(operation).example.items() if name != "kind"}
    answer = client.call("POST", operation.path, body | {"dry_run": True}, headers={"prefer": "wait=1"})
    assert answer.status == 200, answer.text
    assert (answer.json["dry_run"], answer.json["operation"], answer.json["valid"]) == (True, kind, True)
    assert answer.json["artifacts"]
    assert (world.store.writes, world.provider.runs, world.objects.objects) == (0, [], {})
    assert "location" not in answer.headers


def test_dry_run_has_the_published_shape(client: Client, world: World) -> None:
    world.inputs.answers = {CAPTION["url_video"]: Answer(404, "media.example", "text/plain", 9)}
    answer = client.call("POST", "/video/caption", CAPTION | {"dry_run": "true"}, headers={"idempotency-key": "k"})
    assert answer.json == {
        "dry_run": True,
        "operation": "caption",
        "valid": True,
        "artifacts": ["output.mp4"],
        "inputs": [
            {
                "field": "url_video",
                "host": "media.example",
                "reachable": False,
                "status": 404,
                "content_type": "text/plain",
                "size_bytes": 9,
                "duration_seconds": None,
                "warning": "url_video could not be downloaded: its host answered HTTP 404. Check the URL.",
            },
            {
                "field": "url_srt",
                "host": "media.example",
                "reachable": True,
                "status": 200,
                "content_type": None,
                "size_bytes": 1000,
                "duration_seconds": None,
                "warning": None,
            },
        ],
        "estimate": {
            "gpu_seconds": 30.2,
            "queue_seconds": 70.4,
            "gpu_usd": 0.0062,
            "basis": "benchmark",
            "jobs_measured": 0,
        },
        "warnings": [
            (
                "The length of the result cannot be told from the request and the start of its files; the estimate "
                "assumes 60 s."
            )
        ],
    }
    # The key is free for the job itself.
    assert client.call("POST", "/video/caption", CAPTION, headers={"idempotency-key": "k"}).status == 202


@pytest.mark.parametrize("value", [False, "false", None, ""])
def test_request_without_it_is_a_job(client: Client, world: World, value: Any) -> None:
    assert client.call("POST", "/video/caption", CAPTION | {"dry_run": value}).status == 202
    assert len(world.store.jobs) == 1


def test_invalid_request_is_refused(client: Client, world: World) -> None:
    for body in ({"url_video": "x"}, CAPTION | {"unknown": 1}, CAPTION | {"url_video": "http://127.0.0.1/v.mp4"}):
        assert client.call("POST", "/video/caption", body | {"dry_run": True}).status == 422
    assert client.call("POST", "/video/caption", CAPTION | {"dry_run": True}, key="wrong").status == 401
    assert world.inputs.asked == []


def test_document_describes_both_bodies(client: Client) -> None:
    document = client.call("GET", "/openapi.json").json
    schemas = document["components"]["schemas"]
    response = document["paths"]["/video/caption"]["post"]["responses"]["200"]
    assert "required" not in response["headers"]["Location"]
    bodies = response["content"]["application/json"]["schema"]
    assert [entry["$ref"].rpartition("/")[2] for entry in bodies["anyOf"]] == ["JobView", "DryRunView"]
    assert schemas["DryRunView"]["properties"]["dry_run"]["const"] is True
    assert {"InputCheckView", "EstimateView"} <= schemas.keys()
    assert schemas["CaptionRequest"]["properties"]["dry_run"]["type"] == "boolean"
