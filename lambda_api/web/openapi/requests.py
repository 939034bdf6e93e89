"""Schemas of requests as code generators can use them: without null, and with no more alternatives than are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contract.options.inputs import inputs_first

Json = dict[str, Any]


def remove_null(schema: Json, schemas: Json) -> None:
    """Remove null from the fields of a request and of the objects in it. It means that the field was not sent.

    A default that is an object goes, too: it repeats the defaults of that object, and generators cannot represent it.
    """
    schema["properties"] = {name: plain(field) for name, field in schema["properties"].items()}
    for field in schema["properties"].values():
        if isinstance(field.get("default"), dict):
            del field["default"]
    for reference in _references(schema):
        if "properties" in schemas[reference]:
            remove_null(schemas[reference], schemas)


def plain(schema: Json) -> Json:
    """Return a schema without null, which is accepted for an optional field and means that it was not sent.

    A choice between text and an object remains.
    """
    if "anyOf" not in schema:
        return schema
    found = [option for option in schema["anyOf"] if option != {"type": "null"}]
    kept = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    if len(found) > 1:
        return {"anyOf": found, **kept}
    # Its own default applies to a value that was sent; generated clients would send it.
    return {name: value for name, value in found[0].items() if name != "default"} | kept


def complete_body(operation: Json, schemas: Json, route: str, options: Mapping[str, Any]) -> None:
    """Complete a request body and its schema: no null, input files first, and examples.

    `options`: fields that all requests of this kind take, for an example.
    """
    media = operation["requestBody"]["content"]["application/json"]
    media["schema"] = {"$ref": plain(media["schema"])["$ref"]}
    schema = schemas[media["schema"]["$ref"].rpartition("/")[2]]
    if "kind" in schema["properties"] and "const" in schema["properties"]["kind"]:
        del schema["properties"]["kind"]
    schema["properties"] = {name: schema["properties"][name] for name in inputs_first(schema["properties"])}
    schema.setdefault("description", f"The body of `{route}`.")
    remove_null(schema, schemas)
    smallest, *fuller = (
        {name: body[name] for name in schema["properties"] if name in body}
        for body in schema.pop("examples", None) or [_smallest(schema)]
    )
    media["examples"] = {"smallest": {"summary": "Required fields", "value": smallest}}
    if options:
        media["examples"]["callback"] = {"summary": "With a callback", "value": {**smallest, **options}}
    if fuller:
        media["examples"]["options"] = {"summary": "With options", "value": fuller[0]}


def _smallest(schema: Json) -> Json:
    """Return a body of the examples of the required fields."""
    return {name: schema["properties"][name]["examples"][0] for name in schema.get("required", ())}


def drop_unused(document: Json) -> None:
    """Remove FastAPI's own errors, and models whose fields are described otherwise."""
    schemas = document["components"]["schemas"]
    while unused := schemas.keys() - set(_references(document)):
        for name in unused:
            del schemas[name]


def _references(part: Json) -> list[str]:
    return re.findall(r"'#/components/schemas/(\w+)'", str(part))
