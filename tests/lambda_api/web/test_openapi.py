"""The OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel

from contract.operations import OPERATIONS
from contract.options.captions.presets import PRESETS
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.submit_job import submit_job
from lambda_api.web.app import create_documented_app
from tests.support.examples import manifest, publish, ring_webhook, submission
from tests.support.fakes import World
from tests.support.gateway import Client

DOCUMENT = create_documented_app().openapi()
SUBMITS = [operation.path for operation in OPERATIONS.values()]


def operations() -> dict[str, dict[str, Any]]:
    paths = DOCUMENT["paths"].items()
    return {f"{method.upper()} {path}": found for path, methods in paths for method, found in methods.items()}


def test_served_document_is_the_file() -> None:
    assert Client(World()).call("GET", "/openapi.json", key=None).json == DOCUMENT


def test_document_lists_exactly_the_client_routes() -> None:
    others = {"GET /", "GET /fonts", "GET /health", "GET /job/{job_id}", "GET /jobs"}
    runpod = {"GET /runpod/config", "GET /runpod/health"}
    others |= {"POST /uploads", "GET /uploads/{upload_id}", "POST /uploads/{upload_id}/complete"}
    others |= {"GET /webhooks/deliveries", "GET /job/{job_id}/deliveries", "POST /job/{job_id}/redeliver"}
    others |= {"POST /webhooks/test", *(f"{method} /webhooks/default" for method in ("GET", "PUT", "DELETE"))}
    links = {"GET /job/{job_id}/video", "POST /job/{job_id}/share", "DELETE /job/{job_id}/share", "GET /s/{token}"}
    others |= runpod | links | {"GET /costs", "POST /job/{job_id}/cancel"}
    assert set(operations()) == others | {f"POST {path}" for path in SUBMITS}


def test_routes_that_need_a_key_declare_it() -> None:
    assert {operation["security"] == [{"key": []}] for operation in operations().values()} == {True, False}
    open_to_all = {name for name, operation in operations().items() if operation["security"] == []}
    assert open_to_all == {"GET /", "GET /health", "GET /s/{token}"}


@pytest.mark.parametrize("operation", OPERATIONS.values())
def test_request_schemas_are_flat_for_code_generators(operation: type[BaseModel]) -> None:
    schema = DOCUMENT["components"]["schemas"][f"{operation.__name__}Request"]
    assert not {"oneOf", "anyOf", "allOf", "examples"} & set(schema)
    own = schema["properties"].keys() - {"webhook_url", "webhook_events", "metadata", "dry_run"}
    assert own == operation.model_fields.keys() - {"kind"}
    for name, field in request_fields(schema):
        assert {"type": "null"} not in field.get("anyOf", ())
        # These accept text or a number in place of an object.
        shorthands = {"style", "margin", "motion", "music", "ducking", "loudness", "transition", "overlay", "poster"}
        shorthands |= {"at", "start", "end"}
        alternatives = {"anyOf"} if name in shorthands else set()
        assert {"oneOf", "anyOf", "allOf"} & set(field) <= alternatives


def request_fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of a request and of the objects in it."""
    for name, field in schema.get("properties", {}).items():
        yield name, field
        for reference in re.findall(r"'#/components/schemas/(\w+)'", str(field)):
            yield from request_fields(DOCUMENT["components"]["schemas"][reference])


def test_objects_in_requests_are_strict_and_described() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("CaptionStyle", "CaptionColors", "Margin", "Offset", "Replacement", "TimeRange"):
        assert schemas[name]["additionalProperties"] is False
    assert schemas["CaptionColors"]["properties"]["text"]["pattern"].startswith("^#(")
    style = schemas["CaptionRequest"]["properties"]["style"]
    assert style["default"] == "classic"
    assert style["anyOf"][0] == {"$ref": "#/components/schemas/PresetName"}
    assert schemas["PresetName"]["enum"] == list(PRESETS)
    assert style["anyOf"][1] == {"$ref": "#/components/schemas/CaptionStyle"}


def test_document_has_the_metadata_that_tools_need() -> None:
    assert DOCUMENT["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert DOCUMENT["servers"][0]["url"] == "/"
    declared = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in operations().values() for tag in operation["tags"]} == declared
    assert all(operation["description"] for operation in operations().values())
    assert "WWW-Authenticate" in DOCUMENT["components"]["responses"]["Problem401"]["headers"]


def test_sent_callback_matches_its_description() -> None:
    world = World()
    submit_job(world.services, submission(webhook_url="https://hooks.example/"))
    publish(world, manifest())
    ring_webhook(world)
    deliver_callback(world.services, "job-1")
    responses = json.loads(world.sender.posts[0][4])
    callback = DOCUMENT["webhooks"]["job_ended"]["post"]
    assert callback["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/JobEvent"}
    assert {header["name"] for header in callback["parameters"]} == {
        "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip
    assert {"2XX", "409", "410", "default"} == set(callback["responses"])
    schema = DOCUMENT["components"]["schemas"]["JobEvent"] | {"components": DOCUMENT["components"]}
    jsonschema_rs.validate(schema, responses)
    assert set(responses) == set(schema["properties"]) == set(schema["required"])


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z0-9_]+", name) for name in names)


def test_every_reference_resolves() -> None:
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT))):
        found: Any = DOCUMENT
        for name in reference.split("/"):
            found = found[name]
        assert found


@pytest.mark.parametrize("path", SUBMITS)
@pytest.mark.parametrize("example", ["smallest", "callback"])
def test_examples_are_accepted(path: str, example: str) -> None:
    body = operations()[f"POST {path}"]["requestBody"]["content"]["application/json"]["examples"][example]["value"]
    answer = Client(World()).call("POST", path, body)
    assert answer.status == 202, answer.text


@pytest.mark.parametrize("path", SUBMITS)
def test_submit_refusals_are_documented(path: str) -> None:
    responses = operations()[f"POST {path}"]["responses"]
    assert set(responses) == {"200", "202", "400", "401", "413", "415", "422", "429", "503", "default"}
    for status in ("429", "503"):
        shared = DOCUMENT["components"]["responses"][responses[status]["$ref"].rpartition("/")[2]]
        assert "Retry-After" in shared["headers"]
    assert {"Location", "Retry-After", "Idempotent-Replayed"} <= set(responses["202"]["headers"])
