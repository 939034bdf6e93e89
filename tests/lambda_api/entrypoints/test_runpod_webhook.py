"""RunPod's webhook through the real handler: odd bodies, wrong tokens, missing jobs, a silent RunPod."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from contract.limits import MAX_BODY_BYTES
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.job import State
from lambda_api.domain.policy import HOUR, MINUTE
from lambda_api.domain.ports import ProviderError, ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import HOOK_SECRET, World
from tests.support.gateway import context, entrypoint, golden

runpod_webhook = entrypoint("runpod_webhook")

TOKEN = make_token(HOOK_SECRET, "webhook", "job-1", 1)


@pytest.fixture(autouse=True)
def handler_with_a_running_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler over fakes, with one job that RunPod reports as running."""
    submit_job(world.services, submission())
    world.provider.default_status = ProviderStatus("IN_PROGRESS")
    monkeypatch.setattr(runpod_webhook, "services", lambda: world.services)


def post(token: str, body: str | None = "{}", job_id: str = "job-1", purpose: str = "webhook") -> dict[str, Any]:
    event = golden("runpod/webhook_completed") | {"body": body, "rawPath": f"/runpod/{purpose}/{job_id}/{token}"}
    answer: dict[str, Any] = runpod_webhook.handler(event, context())
    return answer


BODIES = {
    "none": None,
    "empty": "",
    "null": "null",
    "undefined": "undefined",
    "html": "<!doctype html><h1>502 Bad Gateway</h1>",
    "10-mb": '{"output": "' + "x" * (10 * 1024 * 1024) + '"}',
    "longer-than-read": '{"error": "' + "x" * MAX_BODY_BYTES + '"}',
    "a-failure": '{"status": "FAILED", "error": "planted"}',
    "not-utf-8": "\udcff",
    "deep": "[" * 100_000,
}


@pytest.mark.fault("D4")
@pytest.mark.parametrize("body", BODIES)
def test_webhook_body_never_decides_the_state(world: World, body: str) -> None:
    assert post(TOKEN, BODIES[body])["statusCode"] == 200
    assert world.store.jobs["job-1"].state is State.IN_PROGRESS
    publish(world, manifest())
    assert post(TOKEN, BODIES[body])["statusCode"] == 200
    assert world.store.jobs["job-1"].state is State.COMPLETED


def tamper_with(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


WRONG = {
    "wrong": tamper_with(TOKEN),
    "short": TOKEN[:-1],
    "shorter": "1-x",
    "long": TOKEN + "A",
    "very-long": TOKEN * 1000,
    "unicode": "1-é",
    "unicode-digit": "١" + TOKEN[1:],
    "escaped": "%31" + TOKEN[1:],
    "of-another-job": make_token(HOOK_SECRET, "webhook", "job-2", 1),
    "of-another-purpose": make_token(HOOK_SECRET, "progress", "job-1", 1),
    "of-another-secret": make_token("somebody-elses-secret", "webhook", "job-1", 1),
    "renumbered": "2" + TOKEN[1:],
}


@pytest.mark.fault("D6")
@pytest.mark.parametrize("kind", WRONG)
def test_wrong_token_is_a_404_without_any_call(world: World, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def read(_: str) -> None:
        raise AssertionError("the store was read")

    publish(world, manifest())
    missing = post(WRONG[kind], job_id="job-404")
    monkeypatch.setattr(world.store, "get", read)
    status_calls = world.provider.status_calls
    result = post(WRONG[kind])
    assert result == missing
    assert (result["statusCode"], world.provider.status_calls) == (404, status_calls)
    assert WRONG[kind] not in result["body"]
    assert world.store.jobs["job-1"].state is State.IN_QUEUE


@pytest.mark.fault("D6")
def test_token_of_an_older_attempt_may_ring_but_not_report(world: World) -> None:
    """A webhook only triggers a lookup. A report would be about an execution that was abandoned."""
    body = json.dumps({"attempt": 2, "seq": 1, "percent": 90, "stage": "encode"})
    older = make_token(HOOK_SECRET, "progress", "job-1", 1)
    assert post(older, body, purpose="progress")["statusCode"] == 404
    assert world.store.jobs["job-1"].percent == 0
    assert post(TOKEN)["statusCode"] == 200
    assert world.store.jobs["job-1"].state is State.IN_PROGRESS


@pytest.mark.fault("D7")
def test_webhook_replayed_a_day_later_changes_nothing(world: World) -> None:
    publish(world, manifest())
    post(TOKEN)
    finished, status_calls, sent = world.store.jobs["job-1"], world.provider.status_calls, list(world.queue.sent)
    world.clock.advance(24 * HOUR)
    world.provider.default_status = ProviderStatus("FAILED")
    assert post(TOKEN, '{"status": "FAILED"}')["statusCode"] == 200
    assert (world.store.jobs["job-1"], world.provider.status_calls, world.queue.sent) == (finished, status_calls, sent)


@pytest.mark.fault("D8")
@pytest.mark.parametrize("age", [0, 7 * 24 * HOUR], ids=["never-there", "expired"])
def test_missing_job_is_a_404_without_a_call_to_runpod(world: World, age: int) -> None:
    world.store.jobs["job-1"] = replace(world.store.jobs["job-1"], due_at=None)
    world.clock.advance(age)
    job_id = "job-1" if age else "job-404"
    assert post(make_token(HOOK_SECRET, "webhook", job_id, 1), job_id=job_id)["statusCode"] == 404
    report = json.dumps({"attempt": 1, "seq": 1, "percent": 1, "stage": "fetch"})
    token = make_token(HOOK_SECRET, "progress", job_id, 1)
    assert post(token, report, job_id, "progress")["statusCode"] == 404
    assert world.provider.status_calls == 0


def test_unstorable_report_gets_retry_after(world: World) -> None:
    world.store.down = True
    report = json.dumps({"attempt": 1, "seq": 1, "percent": 1, "stage": "fetch"})
    result = post(make_token(HOOK_SECRET, "progress", "job-1", 1), report, purpose="progress")
    assert (result["statusCode"], result["headers"]["retry-after"]) == (503, "2")
    assert result["headers"]["content-type"] == "application/problem+json"


@pytest.mark.fault("D11")
def test_silent_runpod_at_the_webhook_returns_200_and_schedules_a_check(world: World) -> None:
    world.provider.failures = [ProviderError("http_503")]
    assert post(TOKEN)["statusCode"] == 200
    waiting = world.store.jobs["job-1"]
    assert waiting.state is State.IN_QUEUE
    assert waiting.due_at is not None
    assert waiting.due_at - world.clock.now < MINUTE
    world.clock.now = waiting.due_at
    world.provider.default_status = ProviderStatus("FAILED")
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.FAILED


@pytest.mark.fault("D11")
@pytest.mark.parametrize("down", ["store", "objects"])
def test_our_own_failure_at_the_webhook_still_returns_200(world: World, down: str) -> None:
    publish(world, manifest())
    getattr(world, down).down = True
    assert post(TOKEN)["statusCode"] == 200
    getattr(world, down).down = False
    world.clock.advance(MINUTE)
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.COMPLETED
