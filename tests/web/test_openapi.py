"""The document of the API."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from contract.operations import OPERATIONS
from lambda_api.web.app import described
from tests.support.fakes import World
from tests.support.gateway import Client
from tests.support.scripts import script

DOCUMENT = described().openapi()
SUBMITS = [operation.path for operation in OPERATIONS]


def operations() -> dict[str, dict[str, Any]]:
    paths = DOCUMENT["paths"].items()
    return {f"{method.upper()} {path}": found for path, methods in paths for method, found in methods.items()}


def test_the_file_is_what_make_openapi_writes() -> None:
    with script("openapi") as module:
        assert module.PATH.read_text(encoding="utf-8") == module.render(), "run `make openapi`"


def test_it_is_what_is_served() -> None:
    assert Client(World()).call("GET", "/openapi.json", key=None).json == DOCUMENT


def test_it_names_what_clients_call_and_nothing_else() -> None:
    others = {"GET /", "GET /health", "GET /job/{job_id}", "GET /jobs", "GET /runpod/config", "GET /runpod/health"}
    assert set(operations()) == others | {"POST /job/{job_id}/cancel"} | {f"POST {path}" for path in SUBMITS}


def test_whatever_needs_a_key_says_so() -> None:
    open_to_all = {name for name, operation in operations().items() if operation.get("security") != [{"key": []}]}
    assert open_to_all == {"GET /", "GET /health"}


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
@pytest.mark.parametrize("example", ["smallest", "told"])
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
