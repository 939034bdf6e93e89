"""What every route, field and value in the OpenAPI document must have, so that generators and people can use it.

A new route that misses something fails here; CONTRIBUTING.md says what to add.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from inspect import cleandoc
from typing import Any

import jsonschema_rs
import pytest

from contract.errors import CATALOGUE, Code
from contract.messages import STAGES
from contract.operations import OPERATIONS
from lambda_api.domain import errors
from lambda_api.domain.views.job_schema import STAGE_TEXTS
from lambda_api.web.app import create_documented_app
from lambda_api.web.openapi.docstrings import attribute_docstrings, documented_types
from lambda_api.web.openapi.problems import problem_codes

APP = create_documented_app()
DOCUMENT = APP.openapi()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS_OF_PATHS = {
    f"{method.upper()} {path}": found
    for path, methods in DOCUMENT["paths"].items()
    for method, found in methods.items()
}
CHOICES = {"oneOf", "anyOf", "allOf"}
HTTP_METHODS = {"get", "put", "post", "delete", "head", "patch"}


def nodes(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all schemas below a part of the document, with their paths. Examples and defaults are values."""
    if isinstance(part, dict):
        yield path, part
        for name, value in part.items():
            if name not in {"examples", "example", "default", "x-enumDescriptions"}:
                yield from nodes(value, f"{path}/{name}")
    if isinstance(part, list):
        for index, value in enumerate(part):
            yield from nodes(value, f"{path}/{index}")


def referenced(part: Any) -> set[str]:
    """Return the names of all schemas that a part of the document uses."""
    found: set[str] = set()
    new = set(re.findall(r"'#/components/schemas/(\w+)'", str(part)))
    while new:
        found |= new
        new = set(re.findall(r"'#/components/schemas/(\w+)'", str([SCHEMAS[name] for name in new]))) - found
    return found


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema refers to, with what is written beside the reference."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return {**SCHEMAS[name], **schema} if name else schema


REQUESTS = sorted(
    referenced([found["requestBody"] for found in OPERATIONS_OF_PATHS.values() if "requestBody" in found])
)


@pytest.mark.parametrize("name", OPERATIONS_OF_PATHS)
def test_every_operation_is_described(name: str) -> None:
    operation = OPERATIONS_OF_PATHS[name]
    tags = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    assert len(operation["tags"]) == 1
    assert tags[operation["tags"][0]]
    assert operation["summary"]
    assert operation["description"]
    assert name.partition(" ")[0].lower() in HTTP_METHODS
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], parameter["name"]
        assert parameter["schema"].get("type") or "$ref" in parameter["schema"], parameter["name"]


@pytest.mark.parametrize("name", OPERATIONS_OF_PATHS)
def test_operation_id_is_a_verb_with_an_object_or_an_operation(name: str) -> None:
    operation_id = OPERATIONS_OF_PATHS[name]["operationId"]
    assert operation_id in OPERATIONS or re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", operation_id)


@pytest.mark.parametrize("name", OPERATIONS_OF_PATHS)
def test_refusals_are_shared_problems(name: str) -> None:
    responses = OPERATIONS_OF_PATHS[name]["responses"]
    assert responses["default"] == {"$ref": "#/components/responses/Problem"}
    for status, response in responses.items():
        if status[0] in "45":
            assert response == {"$ref": f"#/components/responses/Problem{status}"}
        elif status != "default":
            assert response["description"]
            assert "X-Request-Id" in response["headers"]
    if OPERATIONS_OF_PATHS[name]["security"]:
        assert {"401", "503"} <= set(responses)


def test_shared_responses_are_problems() -> None:
    for name, response in DOCUMENT["components"]["responses"].items():
        schema = {"$ref": "#/components/schemas/Problem"}
        assert response["content"] == {"application/problem+json": {"schema": schema}}
        assert name == "Problem" or "- `" in response["description"]


def test_no_choice_beside_properties() -> None:
    """Generators take one of them and lose the other."""
    assert [path for path, node in nodes(SCHEMAS) if "properties" in node and CHOICES & set(node)] == []
    assert [name for name, schema in SCHEMAS.items() if CHOICES & set(schema)] == []


def test_no_field_has_the_name_of_its_object() -> None:
    """`from_dict` of openapi-python-client has a variable of each name."""
    snake = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in SCHEMAS}
    assert [name for name, schema in SCHEMAS.items() if snake[name] in schema.get("properties", ())] == []


def test_no_siblings_that_restrict_a_reference() -> None:
    """They apply in addition to the schema that is referred to, and generators ignore them."""
    allowed = {"$ref", "description", "default", "examples", "title"}
    assert [path for path, node in nodes(DOCUMENT) if "$ref" in node and set(node) - allowed] == []


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_have_neither_null_nor_constants(name: str) -> None:
    found = dict(nodes(SCHEMAS[name]))
    assert [path for path, node in found.items() if node.get("type") == "null" or "const" in node] == []
    assert [path for path, node in found.items() if "null" in node.get("type", ())] == []
    # openapi-python-client drops the whole object that has such a field.
    assert [path for path, node in found.items() if isinstance(node.get("default"), dict)] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_has_a_description(name: str) -> None:
    assert SCHEMAS[name]["description"]
    undescribed = [
        f"{path}/properties/{field}"
        for path, node in nodes(SCHEMAS[name])
        if isinstance(node.get("properties"), dict)
        for field, schema in node["properties"].items()
        if not resolve(schema).get("description")
    ]
    assert undescribed == [], "write a docstring below the field, or a description"


def test_every_value_is_described() -> None:
    """By a docstring below the enum's member, or in backticks in the description of the field."""
    missing: list[str] = []
    for path, node in nodes(DOCUMENT):
        texts = node.get("x-enumDescriptions", {})
        description = node.get("description", "") if isinstance(node.get("description", ""), str) else ""
        values = node["enum"] if isinstance(node.get("enum"), list) else ()
        missing += [f"{path}: {value}" for value in values if not texts.get(value) and f"`{value}`" not in description]
    assert missing == []


def test_texts_of_values_are_in_the_description_too() -> None:
    for schema in SCHEMAS.values():
        for value, text in schema.get("x-enumDescriptions", {}).items():
            assert f"- `{value}`: {text}" in schema["description"]


def test_all_examples_are_valid() -> None:
    invalid, count = [], 0
    for path, node in nodes(DOCUMENT):
        schema: Any = {key: value for key, value in node.items() if key not in {"examples", "default"}}
        values = node["examples"] if isinstance(node.get("examples"), list) else []
        values = [*values, *([node["default"]] if "default" in node and not path.endswith("/responses") else [])]
        if "examples" in node and "schema" in node:
            schema, values = node["schema"], [example["value"] for example in node["examples"].values()]
        if not values:
            continue
        validator = jsonschema_rs.Draft202012Validator(schema | {"components": {"schemas": SCHEMAS}})
        count += len(values)
        invalid += [f"{path}: {value}" for value in values if not validator.is_valid(value)]
    assert invalid == []
    assert count > 200


def test_requests_have_examples() -> None:
    for name, operation in OPERATIONS_OF_PATHS.items():
        if "requestBody" in operation:
            assert "smallest" in operation["requestBody"]["content"]["application/json"]["examples"], name


def test_codes_of_problems_are_those_of_the_errors() -> None:
    declared = SCHEMAS["ProblemCode"]["enum"]
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.ApiError):
            assert error.code in declared
    assert {"malformed_json", "method_not_allowed", "body_too_large", "origin_refused", "refused"} <= set(declared)
    assert "not_found" in [found.code for found in problem_codes() if 404 in found.statuses]
    assert "`rate_limited`" in DOCUMENT["components"]["responses"]["Problem429"]["description"]


def test_codes_of_failures_are_described_by_the_catalogue() -> None:
    texts = SCHEMAS["Code"]["x-enumDescriptions"]
    assert set(texts) == set(CATALOGUE)
    assert texts[Code.MEDIA_NO_AUDIO] == "An input has no sound. Use a file with an audio track."


def test_stages_are_those_of_the_messages() -> None:
    assert list(STAGE_TEXTS) == ["queued", *STAGES]


def test_docstrings_are_read_from_the_source() -> None:
    types = documented_types(APP.routes)
    states = attribute_docstrings(types["State"])
    assert states["COMPLETED"] == "The manifest and all artifacts exist in the bucket."
    assert attribute_docstrings(types["JobPage"])["next_cursor"].startswith("Send it as `cursor`")
    assert {"CaptionRequest", "Fit", "Problem"} <= set(types)
    assert all(cleandoc(text) == text for found in types.values() for text in attribute_docstrings(found).values())


@pytest.mark.parametrize("found", [t for t in documented_types(APP.routes).values() if issubclass(t, Enum)])
def test_enums_are_schemas_with_all_their_values(found: type[Enum]) -> None:
    assert found.__name__ not in SCHEMAS or SCHEMAS[found.__name__]["enum"] == [member.value for member in found]
