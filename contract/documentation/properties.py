"""Fields as data, read from a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Property:
    """One field of an operation, or of an object inside a request."""

    field: str
    required: bool
    default: str | None
    range: str | None
    """The valid range of a number, such as "0.1 to 300"."""
    choices: tuple[str, ...]
    description: str
    """A noun phrase in Markdown, such as "length of the clip in seconds"."""
    notes: str
    """Further sentences in Markdown; empty if there are none."""
    objects: tuple[str, ...]
    """The names of the objects that may be sent, alone or in a list: those of the schema's definitions."""


def read_property(name: str, parent: Schema, schema: Schema) -> Property:
    """Return the field `name` of an object, or of the operation itself, whose schema is `parent`."""
    is_required = name in parent.get("required", ())
    return Property(**read_shared(name, is_required, list(alternatives(parent["properties"][name], schema)), schema))


def read_shared(name: str, required: bool, schemas: list[Schema], schema: Schema) -> dict[str, Any]:
    """Return what a `Property` consists of, for a field of the document `schema` with these alternatives."""
    first = schemas[0]
    description = next((choice["description"] for choice in schemas if "description" in choice), "")
    text, _, notes = description.partition(". ")
    text = text.removesuffix(".")
    entries = (entry for choice in schemas if "items" in choice for entry in alternatives(choice["items"], schema))
    names = (_definition(choice) for choice in (*schemas, *entries) if "properties" in choice)
    return {
        "field": name,
        "required": required,
        "default": _default(first.get("default")),
        "range": _range(first),
        "choices": tuple(first.get("enum", ())),
        "description": text[:1].lower() + text[1:],
        "notes": notes,
        "objects": tuple(filter(None, names)),
    }


def _definition(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _default(value: object) -> str | None:
    """Return a default as text, without the fields of objects that have none."""
    if isinstance(value, Mapping):
        value = {name: _shorten(entry) for name, entry in value.items() if entry is not None}
    return None if value in (None, [], {}) else to_text(value)


def _shorten(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def schemas_at(path: Iterable[str | int], schema: Schema) -> list[Schema]:
    """Return the schemas of what a path leads to: one per alternative, without null, with references resolved."""
    found = [schema]
    for part in path:
        children = (
            parent.get("items") if isinstance(part, int) else parent.get("properties", {}).get(part) for parent in found
        )
        found = [choice for child in children if child is not None for choice in alternatives(child, schema)]
    return found


def alternatives(field: Schema, schema: Schema) -> Iterator[Schema]:
    """Yield the schemas of a field: one per alternative, without null, with references resolved."""
    for choice in field.get("anyOf", [field]):
        if "anyOf" in choice and choice is not field:
            yield from ({**found, **field} for found in alternatives(choice, schema))
        elif choice.get("type") != "null":
            definition = schema.get("$defs", {}).get(choice.get("$ref", "").rpartition("/")[2], {})
            yield {**definition, **choice, **field}


def _range(schema: Schema) -> str | None:
    if schema.get("type") not in {"number", "integer"}:
        return None
    return " to ".join(
        f"{end}" if isinstance(end, int) else f"{end:g}" for end in (schema["minimum"], schema["maximum"])
    )


def to_text(value: object) -> str:
    """Return a value as a command line takes it."""
    if isinstance(value, list) and value and all(isinstance(entry, str) for entry in value):
        return ",".join(value)
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) else str(value)
