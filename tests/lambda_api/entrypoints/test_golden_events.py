"""Every golden event, through the real handlers."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from pydantic import BaseModel

from contract.errors import Failure
from contract.messages import ProgressReply, ProgressReport, ResultManifest, WorkerJob
from contract.operations import OPERATIONS
from lambda_api import wiring
from lambda_api.domain.job import State
from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import World
from tests.support.gateway import EVENTS, Client, context, entrypoint, environment, golden
from tests.support.uploads import add_upload

callbacks, runpod_webhook, sweeper = map(entrypoint, ("callbacks", "runpod_webhook", "sweeper"))

API = dict.fromkeys(OPERATIONS, 202) | {
    "job": 200, "cancel": 200, "jobs": 200, "runpod_health": 200, "runpod_config": 200, "health": 200, "index": 200,
    "openapi": 200, "docs": 200, "fonts": 200, "upload_create": 201, "upload": 200, "upload_complete": 200,
}  # fmt: skip
RUNPOD = {
    "webhook_completed": (200, State.COMPLETED),
    "webhook_failed": (200, State.COMPLETED),
    "webhook_crashed": (200, State.COMPLETED),
    "webhook_null_body": (200, State.COMPLETED),
    "webhook_no_body": (200, State.COMPLETED),
    "webhook_base64": (200, State.COMPLETED),
    "webhook_progress_like": (200, State.COMPLETED),
    "webhook_wrong_token": (404, State.IN_QUEUE),
    "progress": (200, State.IN_PROGRESS),
}
MESSAGES: dict[str, type[BaseModel]] = {
    "v1/worker_job": WorkerJob,
    "v1/result_manifest": ResultManifest,
    "v1/progress_report": ProgressReport,
    "v1/progress_reply": ProgressReply,
    "v1/failure": Failure,
    "v2/worker_job": WorkerJob,
    "v2/worker_job_transcribe": WorkerJob,
    "v2/result_manifest": ResultManifest,
    "v2/result_manifest_transcribe": ResultManifest,
    "v2/progress_report": ProgressReport,
}
"""A message without a version, such as a failure, is in the folder of the version that it came with."""


def names(folder: str) -> set[str]:
    return {path.stem for path in (EVENTS / folder).glob("*.json")}


@pytest.fixture(autouse=True)
def handlers_with_a_running_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entrypoints over fakes, with one job at RunPod and one upload."""
    submit_job(world.services, submission(webhook_url="https://hooks.example/"))
    add_upload(world)
    world.provider.default_status = ProviderStatus("IN_PROGRESS")
    for module in (runpod_webhook, sweeper, callbacks):
        monkeypatch.setattr(module, "services", lambda: world.services)


def invoke(module: Any, event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = module.handler(event, context())
    json.dumps(answer)
    return answer


def test_every_golden_event_is_tested() -> None:
    assert names("api") == set(API)
    assert names("runpod") == set(RUNPOD)
    assert {f"{version}/{name}" for version in ("v1", "v2") for name in names(f"contract/{version}")} == set(MESSAGES)


@pytest.mark.parametrize("name", sorted(API))
def test_every_route_has_its_status(world: World, name: str) -> None:
    answer = Client(world).send(golden(f"api/{name}"))
    assert answer.status == API[name], answer.text
    assert answer.headers["x-request-id"] == "JKJaXmPLvHcESHA="


@pytest.mark.parametrize("name", sorted(RUNPOD))
def test_golden_webhooks_settle_the_job(world: World, name: str) -> None:
    status, state = RUNPOD[name]
    if name != "progress":
        publish(world, manifest())
    answer = invoke(runpod_webhook, golden(f"runpod/{name}"))
    assert (answer["statusCode"], world.store.jobs["job-1"].state) == (status, state)


@pytest.mark.parametrize("name", sorted(n for n in RUNPOD if n.startswith("webhook")))
def test_webhook_cannot_end_a_running_job(world: World, name: str) -> None:
    invoke(runpod_webhook, golden(f"runpod/{name}"))
    assert not world.store.jobs["job-1"].is_terminal


@pytest.mark.parametrize(
    "change",
    [
        {"rawPath": "/runpod/webhook/job-1"}, {"rawPath": "/runpod/webhook/job-1/x/y"}, {"rawPath": "/"},
        {"requestContext": {"http": {"method": "GET"}}}, {"headers": None},
        {"rawPath": "/runpod/progress/job-1/1-x", "body": "{"}, {"body": "[" * 100_000}, {"body": "x" * 300_000},
        {"body": "%%%", "isBase64Encoded": True},
    ],
)  # fmt: skip
def test_odd_events_get_a_response(world: World, change: dict[str, Any]) -> None:
    answer = invoke(runpod_webhook, golden("runpod/webhook_completed") | change)
    assert answer["statusCode"] in {200, 404}
    assert not world.store.jobs["job-1"].is_terminal


def test_schedule_sweeps(world: World) -> None:
    publish(world, manifest())
    world.clock.advance(120_000)
    assert invoke(sweeper, golden("schedule")) == {"handled": 1, "failed": 0}
    assert world.store.jobs["job-1"].state is State.COMPLETED


@pytest.mark.fault("J10")
def test_batch_fails_message_by_message(world: World) -> None:
    publish(world, manifest())
    invoke(runpod_webhook, golden("runpod/webhook_completed"))
    failed = invoke(callbacks, golden("sqs"))
    assert failed == {"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975600001"}]}
    assert len(world.sender.posts) == 1


@pytest.mark.fault("K7")
@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_contract_messages_round_trip(name: str) -> None:
    """A message is written as it was read. Fields that were added to its version later are absent from the golden."""
    golden_message = json.loads((EVENTS / "contract" / f"{name}.json").read_text())
    message = MESSAGES[name].model_validate(golden_message)
    written = message.to_json() if isinstance(message, WorkerJob | ResultManifest) else message.model_dump(mode="json")
    assert _restrict(written, golden_message) == golden_message


def _restrict(written: Any, shape: Any) -> Any:
    """Return the parts of `written` that `shape` has, too."""
    if isinstance(shape, dict) and isinstance(written, dict):
        return {name: _restrict(written[name], value) for name, value in shape.items()}
    return written


def test_api_entrypoint_starts_from_its_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    wiring.settings.cache_clear()
    wiring.services.cache_clear()
    try:
        module = importlib.import_module("lambda_api.entrypoints.api")
        assert invoke(module, golden("api/health"))["statusCode"] == 200
    finally:
        wiring.settings.cache_clear()
        wiring.services.cache_clear()
