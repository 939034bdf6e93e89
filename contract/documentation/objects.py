"""Objects inside requests as data, for documentation: `style`, `music`, an entry of `images`, and so on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contract.documentation.properties import Property, Schema, read_property
from contract.operations.base import Operation
from contract.options.inputs import inputs_first


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """An object: the field that takes it, and its own fields."""

    title: str
    """The name of its field, such as `style`; with that of the operation if fields of this name take others, too."""
    field: str
    is_entry: bool
    """True if it is an entry of a list."""
    summary: str
    users: tuple[str, ...]
    """The titles of operations and objects that take it."""
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class _Use:
    """A place in requests that takes the object `name`."""

    user: str
    field: str
    name: str
    is_entry: bool
    parent: Schema
    schema: Schema


def describe_objects(operations: Mapping[str, type[Operation]]) -> dict[str, ObjectDescription]:
    """Return the objects that operations take by their names in schemas, in the order of their titles.

    Schemas of different operations have one object under one name.
    """
    uses: dict[str, list[_Use]] = {}
    for kind, operation in operations.items():
        schema = operation.model_json_schema()
        for use in _find(kind, schema, schema):
            uses.setdefault(use.name, []).append(use)
    fields = [found[0].field for found in uses.values()]
    titles = {
        name: found[0].field if fields.count(found[0].field) == 1 else f"{found[0].field} of {found[0].user}"
        for name, found in uses.items()
    }
    described = {name: _describe(titles[name], found, titles) for name, found in uses.items()}
    return dict(sorted(described.items(), key=lambda item: item[1].title))


def _find(user: str, parent: Schema, schema: Schema) -> Iterator[_Use]:
    for field in parent["properties"]:
        for name in read_property(field, parent, schema).objects:
            child = schema["$defs"][name]
            yield _Use(user, field, name, _is_list(parent["properties"][field]), child, schema)
            yield from _find(name, child, schema)


def _is_list(field: Schema) -> bool:
    return any(choice.get("type") == "array" for choice in (field, *field.get("anyOf", ())))


def _describe(title: str, uses: list[_Use], titles: Mapping[str, str]) -> ObjectDescription:
    first = uses[0]
    names = inputs_first(first.parent["properties"])
    return ObjectDescription(
        title,
        first.field,
        first.is_entry,
        first.parent.get("description", "").partition("\n\n")[0].replace("\n", " ").removesuffix("."),
        tuple(dict.fromkeys(titles.get(use.user, use.user) for use in uses)),
        tuple(read_property(name, first.parent, first.schema) for name in names),
    )
