"""The document of the API."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel

from contract.operations import OPERATIONS
from lambda_api.domain.access.tokens import make_token
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.handle_webhook import handle_webhook
from lambda_api.usecases.submit_job import submit_job
from lambda_api.web.app import create_documented_app
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import HOOK_SECRET, World
from tests.support.gateway import Client

DOCUMENT = create_documented_app().openapi()
SUBMITS = [operation.path for operation in OPERATIONS.values()]


def operations() -> dict[str, dict[str, Any]]:
    paths = DOCUMENT["paths"].items()
    return {f"{method.upper()} {path}": found for path, methods in paths for method, found in methods.items()}


def test_it_is_what_is_served() -> None:
    assert Client(World()).call("GET", "/openapi.json", key=None).json == DOCUMENT


def test_it_names_what_clients_call_and_nothing_else() -> None:
    others = {"GET /", "GET /health", "GET /job/{job_id}", "GET /jobs", "GET /runpod/config", "GET /runpod/health"}
    assert set(operations()) == others | {"POST /job/{job_id}/cancel"} | {f"POST {path}" for path in SUBMITS}


def test_whatever_needs_a_key_says_so() -> None:
    assert {operation["security"] == [{"key": []}] for operation in operations().values()} == {True, False}
    open_to_all = {name for name, operation in operations().items() if operation["security"] == []}
    assert open_to_all == {"GET /", "GET /health"}


@pytest.mark.parametrize("operation", OPERATIONS.values())
def test_requests_are_flat_for_code_generators(operation: type[BaseModel]) -> None:
    schema = DOCUMENT["components"]["schemas"][f"{operation.__name__}Request"]
    assert not {"oneOf", "anyOf", "allOf", "examples"} & set(schema)
    assert schema["properties"].keys() - {"webhook_url", "metadata"} == operation.model_fields.keys() - {"kind"}
    for field in schema["properties"].values():
        assert field["type"] != "null" if "type" in field else "$ref" in field
        assert not {"oneOf", "anyOf", "allOf"} & set(field)


def test_names_and_rights_are_there_for_tools() -> None:
    assert DOCUMENT["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert DOCUMENT["servers"][0]["url"] == "/"
    declared = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in operations().values() for tag in operation["tags"]} == declared
    assert all(operation["description"] for operation in operations().values())
    assert "WWW-Authenticate" in DOCUMENT["components"]["responses"]["Problem401"]["headers"]


def test_the_callback_is_described_as_it_is_sent() -> None:
    world = World()
    submit_job(world.services, submission(webhook_url="https://hooks.example/"))
    publish(world, manifest())
    handle_webhook(world.services, "job-1", make_token(HOOK_SECRET, "webhook", "job-1", 1), None)
    deliver_callback(world.services, "job-1")
    told = json.loads(world.sender.posts[0][4])
    callback = DOCUMENT["webhooks"]["job_ended"]["post"]
    assert callback["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/JobEvent"}
    assert {header["name"] for header in callback["parameters"]} == {
        "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip
    assert {"2XX", "409", "410", "default"} == set(callback["responses"])
    schema = DOCUMENT["components"]["schemas"]["JobEvent"] | {"components": DOCUMENT["components"]}
    jsonschema_rs.validate(schema, told)
    assert set(told) == set(schema["properties"]) == set(schema["required"])


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z0-9_]+", name) for name in names)


def test_every_reference_leads_somewhere() -> None:
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT))):
        found: Any = DOCUMENT
        for name in reference.split("/"):
            found = found[name]
        assert found


@pytest.mark.parametrize("path", SUBMITS)
@pytest.mark.parametrize("example", ["smallest", "callback"])
def test_examples_can_be_sent(path: str, example: str) -> None:
    body = operations()[f"POST {path}"]["requestBody"]["content"]["application/json"]["examples"][example]["value"]
    answer = Client(World()).call("POST", path, body)
    assert answer.status == 202, answer.text


@pytest.mark.parametrize("path", SUBMITS)
def test_the_refusals_of_a_submit_are_told(path: str) -> None:
    told = operations()[f"POST {path}"]["responses"]
    assert set(told) == {"200", "202", "400", "401", "413", "415", "422", "429", "503"}
    for status in ("429", "503"):
        shared = DOCUMENT["components"]["responses"][told[status]["$ref"].rpartition("/")[2]]
        assert "Retry-After" in shared["headers"]
    assert {"Location", "Retry-After", "Idempotent-Replayed"} <= set(told["202"]["headers"])
