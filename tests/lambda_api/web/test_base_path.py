"""A custom domain whose API mapping has a key: `https://api.example.com/video` leads to the API.

API Gateway sends the key as the start of `rawPath`; AWS documents that it does not. Both are read.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambda_api.domain.job import State
from lambda_api.usecases.submit_job import submit_job
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import World
from tests.support.gateway import Answer, context, entrypoint, golden, settings

PUBLIC_URL = "https://api.example.com/video"


@pytest.fixture(autouse=True)
def job_below_a_base_path(world: World) -> None:
    world.services = replace(world.services, public_url=PUBLIC_URL)
    submit_job(world.services, submission(webhook_url="https://hooks.example/"))


def send(world: World, event: dict[str, Any]) -> Answer:
    raw = event_handler(create_app(world.services, settings().cors_allow_origins))(event, context())
    return Answer(raw["statusCode"], raw["headers"], raw["body"])


def at(path: str, domain: str = "api.example.com") -> dict[str, Any]:
    event = golden("custom_domain/job") | {"rawPath": path}
    event["requestContext"]["http"]["path"] = path
    event["requestContext"]["domainName"] = domain
    return event


def test_links_resolve_for_the_sender_of_the_request(world: World) -> None:
    submitted = send(world, golden("custom_domain/caption"))
    assert (submitted.status, submitted.headers["location"]) == (202, "/video/job/job-2")
    assert submitted.json["links"] == {"self": "/video/job/job-2", "cancel": "/video/job/job-2/cancel", "video": None}
    shown = send(world, golden("custom_domain/job"))
    assert (shown.status, shown.json["links"]["self"]) == (200, "/video/job/job-1")
    page = send(world, at("/video/jobs"))
    assert [job["links"]["self"] for job in page.json["jobs"]] == ["/video/job/job-2", "/video/job/job-1"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/video", 200), ("/video/", 200), ("/video/health", 200), ("/video/docs", 200), ("/video/openapi.json", 200),
        ("/video/docs/start.js", 200), ("/health", 200), ("/job/job-1", 200), ("/videos/health", 404),
        ("/video/video", 404), ("/video/video/caption", 405),
    ],
)  # fmt: skip
def test_paths_with_and_without_the_mapping_key(world: World, path: str, status: int) -> None:
    assert send(world, at(path)).status == status


@pytest.mark.parametrize(("path", "status"), [("/video/caption", 405), ("/job/job-1", 200), ("/video/health", 404)])
def test_aws_host_has_no_mapping_key(world: World, path: str, status: int) -> None:
    answer = send(world, at(path, "abc123.execute-api.us-east-1.amazonaws.com"))
    assert answer.status == status
    assert "/video/job" not in answer.text


def test_pages_link_below_the_mapping_key(world: World) -> None:
    event = at("/video")
    event["headers"]["accept"] = "text/html"
    assert 'href="/video/docs"' in send(world, event).text
    assert send(world, at("/video/openapi.json")).json["servers"][0]["url"] == "/video"
    assert send(world, at("/video")).json["docs"] == "/video/docs"


def test_webhook_and_callback_urls_have_the_mapping_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = entrypoint("runpod_webhook")
    monkeypatch.setattr(hooks, "services", lambda: world.services)
    assert world.provider.runs[0]["webhook"].startswith(f"{PUBLIC_URL}/runpod/webhook/job-1/")
    publish(world, manifest())
    answer = hooks.handler(golden("custom_domain/webhook_completed"), context())
    assert (answer["statusCode"], world.store.jobs["job-1"].state) == (200, State.COMPLETED)
    callbacks = entrypoint("callbacks")
    monkeypatch.setattr(callbacks, "services", lambda: world.services)
    callbacks.handler({"Records": [{"body": json.dumps({"job_id": "job-1"})}]}, context())
    assert json.loads(world.sender.posts[0][4])["links"]["self"] == f"{PUBLIC_URL}/job/job-1"
