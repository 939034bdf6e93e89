"""The fields of objects inside requests, by their paths: `style.preset`, `music.ducking.amount_db`.

Entries of lists are left out: a command line has no name for one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contract.documentation.properties import Property, Schema, alternatives, read_property
from contract.operations.base import Operation

_NAMES = ("kind", "preset")
"""The field that text in place of an object becomes, unless it is that of a file."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of an object."""

    path: tuple[str, ...]
    shape: Property
    is_flag: bool
    """True if it is true or false."""

    @property
    def flag(self) -> str:
        """The option of a command line, such as `--music.audio`."""
        return "--" + ".".join(name.removeprefix("url_") for name in self.path).replace("_", "-")


def parts_of(operation: type[Operation]) -> list[Part]:
    """Return the fields of all objects that a request may have."""
    schema = operation.model_json_schema()
    return [part for field, child in _objects(schema, schema) for part in _walk((field,), child, schema)]


def text_field(parent: tuple[str, ...], parts: list[Part]) -> str | None:
    """Return the field that text in place of the object at `parent` becomes, such as `preset` of `style`."""
    names = [part.path[-1] for part in parts if part.path[:-1] == parent]
    return next((name for name in names if name.startswith("url_") or name in _NAMES), None)


def _walk(path: tuple[str, ...], parent: Schema, schema: Schema) -> Iterator[Part]:
    for name, field in parent["properties"].items():
        is_flag = any(choice.get("type") == "boolean" for choice in alternatives(field, schema))
        yield Part((*path, name), read_property(name, parent, schema), is_flag)
    for name, child in _objects(parent, schema):
        yield from _walk((*path, name), child, schema)


def _objects(parent: Schema, schema: Schema) -> Iterator[tuple[str, Schema]]:
    for name, field in parent["properties"].items():
        for choice in alternatives(field, schema):
            if "properties" in choice:
                yield name, choice
