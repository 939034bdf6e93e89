"""The collections for Postman and Bruno."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripts import script

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


@pytest.fixture(scope="module")
def postman() -> dict[str, Any]:
    with script("generate") as generate:
        return dict(json.loads(generate.postman_collection(DOCUMENT)))


@pytest.fixture(scope="module")
def bruno() -> dict[str, str]:
    with script("generate") as generate:
        return dict(generate.bruno_collection(DOCUMENT))


def ids(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name in {"id", "_postman_id"})
        part = list(part.values())
    if isinstance(part, list):
        for entry in part:
            yield from ids(entry)


def test_each_tag_is_a_folder_with_its_operations(postman: dict[str, Any], bruno: dict[str, str]) -> None:
    tags = [tag["name"] for tag in DOCUMENT["tags"]]
    assert [folder["name"] for folder in postman["item"]] == ["Walkthrough", *tags]
    sent = [item["request"] for folder in postman["item"][1:] for item in folder["item"]]
    paths = {re.sub(r":(\w+)", r"{\1}", "/" + "/".join(request["url"]["path"])) for request in sent}
    assert len(sent) == len(OPERATIONS)
    assert paths == {path for _, path, _ in OPERATIONS.values()}
    requests = {name for name in bruno if name.partition("/")[0] in tags and not name.endswith("folder.bru")}
    assert requests == {f"{operation['tags'][0]}/{key}.bru" for key, (_, _, operation) in OPERATIONS.items()}


def test_ids_are_unique_and_the_same_at_each_run(postman: dict[str, Any]) -> None:
    found = list(ids(postman))
    assert len(set(found)) == len(found) > len(OPERATIONS)
    with script("generate") as generate:
        assert list(ids(json.loads(generate.postman_collection(DOCUMENT)))) == found


def test_bodies_are_examples_of_the_document(postman: dict[str, Any], bruno: dict[str, str]) -> None:
    examples = [
        example["value"]
        for _, _, operation in OPERATIONS.values()
        if "requestBody" in operation
        for example in operation["requestBody"]["content"]["application/json"]["examples"].values()
    ]
    items = [item for folder in postman["item"][1:] for item in folder["item"]]
    bodies = [json.loads(item["request"]["body"]["raw"]) for item in items if "body" in item["request"]]
    assert bodies
    assert all(body in examples for body in bodies)
    texts = [re.search(r"^body:json \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL) for text in bruno.values()]
    found = [json.loads(text[1]) for text in texts if text]
    assert all(body in examples for body in found if body.get("url_image") != "{{photoUrl}}")


def test_open_routes_send_no_key(postman: dict[str, Any], bruno: dict[str, str]) -> None:
    service = next(folder for folder in postman["item"] if folder["name"] == "Service")
    assert all(item["request"]["auth"] == {"type": "noauth"} for item in service["item"])
    assert "auth: none" in bruno["Service/get_health.bru"]
    assert "auth: inherit" in bruno["Jobs/get_job.bru"]
    assert "value: {{apiKey}}" in bruno["collection.bru"]


def test_optional_parameters_are_prepared_and_not_sent(postman: dict[str, Any], bruno: dict[str, str]) -> None:
    jobs = next(folder for folder in postman["item"] if folder["name"] == "Jobs")
    listed = next(item["request"] for item in jobs["item"] if item["request"]["url"]["path"] == ["jobs"])
    assert listed["url"]["raw"] == "{{baseUrl}}/jobs"
    assert all(entry["disabled"] for entry in listed["url"]["query"])
    assert "  ~limit: 20\n" in bruno["Jobs/list_jobs.bru"]
    assert "  url: {{baseUrl}}/job/:job_id\n" in bruno["Jobs/get_job.bru"]
    assert "  job_id: {{jobId}}\n" in bruno["Jobs/get_job.bru"]


def test_blocks_of_bruno_end_where_they_should(bruno: dict[str, str]) -> None:
    for name, text in bruno.items():
        if name.endswith(".bru"):
            outer = [line for line in text.splitlines() if line and not line.startswith("  ")]
            assert outer[1::2] == ["}"] * (len(outer) // 2), name
            assert all(re.fullmatch(r"[a-z:]+ \{", line) for line in outer[::2]), name
