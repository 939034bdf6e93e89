"""Events as API Gateway sends them, and the real handlers around fake services."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lambda_api import wiring
from lambda_api.settings import Settings
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from tests.support.fakes import API_KEYS, World

EVENTS = Path(__file__).resolve().parents[2] / "events"


def environment() -> dict[str, str]:
    return {
        "TABLE_NAME": "t", "BUCKET_NAME": "b", "CALLBACK_QUEUE_URL": "q", "RUNPOD_API_KEY": "k",
        "RUNPOD_ENDPOINT_ID": "endpoint", "PUBLIC_URL": "https://api.example", "HOOK_SECRET": "x" * 32,
        "API_KEYS": json.dumps(API_KEYS), "AWS_REGION": "us-east-1",
    }  # fmt: skip


def entrypoint(name: str) -> ModuleType:
    """Import a function's module as Lambda does: with its settings in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment().items():
            patch.setenv(variable, value)
        reset_wiring()
        module = importlib.import_module(f"lambda_api.entrypoints.{name}")
    reset_wiring()
    return module


def reset_wiring() -> None:
    """Have the gateway read its environment again: settings, services and AWS clients."""
    wiring.renew()
    wiring.aws.cache_clear()


def settings(**changes: str) -> Settings:
    return Settings.from_env(environment() | changes)


def golden(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return read


def context() -> Any:
    return SimpleNamespace(
        function_name="f",
        memory_limit_in_mb=128,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
        aws_request_id="r",
        get_remaining_time_in_millis=lambda: 30_000,
    )


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Client:
    """Calls the application through Mangum, event in and answer out."""

    def __init__(self, world: World, **changes: str) -> None:
        self.world = world
        self._handler = event_handler(create_app(world.services, settings(**changes).cors_allow_origins))

    def send(self, event: dict[str, Any]) -> Answer:
        raw = self._handler(event, context())
        return Answer(raw["statusCode"], raw["headers"], raw["body"])

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = "local-key",
        raw: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        event = golden("api/health")
        path, _, query = path.partition("?")
        event |= {"rawPath": path, "rawQueryString": query}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["headers"] |= dict(headers or {}) | ({"x-api-key": key} if key is not None else {})
        if raw is not None:
            event["body"] = raw
        elif body is not None:
            event["body"] = json.dumps(body)
        return self.send(event)


def assert_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Assert that a response is this problem (RFC 9457); returns the document."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json
    assert (document["status"], document["code"]) == (status, code)
    assert {"type", "title", "detail", "request_id", "errors"} <= set(document)
    assert document["request_id"] == answer.headers["x-request-id"]
    return document
