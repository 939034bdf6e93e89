"""Schemas of requests as code generators can use them: without null, and with no more alternatives than are meant."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]


def remove_null(schema: Json, schemas: Json) -> None:
    """Remove null from the fields of a request and of the objects in it. It means that the field was not sent."""
    schema["properties"] = {name: plain(field) for name, field in schema["properties"].items()}
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
    return {**found[0], **kept} if len(found) == 1 else {"anyOf": found, **kept}


def drop_unused(document: Json) -> None:
    """Remove FastAPI's own errors, and models whose fields are described otherwise."""
    schemas = document["components"]["schemas"]
    while unused := schemas.keys() - set(_references(document)):
        for name in unused:
            del schemas[name]


def _references(part: Json) -> list[str]:
    return re.findall(r"'#/components/schemas/(\w+)'", str(part))
