"""Operations as data: the names, help texts and examples for command lines, forms and documentation.

Everything here is read from the JSON schema and the docstring of a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, get_args

from pydantic.fields import FieldInfo

from contract.documentation.properties import Property, Schema, read_shared, schemas_at, to_text
from contract.operations.base import Operation
from contract.options.fields import Metavar
from contract.options.inputs import ROLES, inputs_first
from contract.roles import Role


@dataclass(frozen=True, slots=True)
class Option(Property):
    """One field of an operation, with what a command line needs to know."""

    role: Role | None
    """The role of an input file; None for other fields."""
    example: str
    metavar: str
    takes_json: bool
    """True if the value is, or may be, an object or a list; a command line reads it as JSON."""

    takes_files: bool
    """True if text names an input file, or several, also where an object may be sent instead."""
    is_list_of_files: bool
    """True if a command line takes several files."""

    @property
    def flag(self) -> str:
        """The option of a command line."""
        return "--" + self.field.removeprefix("url_").replace("_", "-")

    @property
    def help(self) -> str:
        """The description with the range and the default."""
        notes = [self.range, f"default {self.default}" if self.default else None]
        noted = ", ".join(filter(None, notes))
        text = _without_marks(self.description)
        return f"{text} ({noted})" if noted else text

    @property
    def expected(self) -> str:
        """Valid values, to complete "give …"."""
        if self.choices:
            return " or ".join(self.choices)
        return (
            f"a number from {self.range}"
            if self.range
            else f"{_without_marks(self.description)}, such as {self.example}"
        )


@dataclass(frozen=True, slots=True)
class Description:
    """An operation: its options, with input files first, and two valid requests."""

    kind: str
    path: str
    summary: str
    """One line without a period."""
    details: str
    options: tuple[Option, ...]
    smallest: Mapping[str, Any]
    """The request that has only what is required."""
    example: Mapping[str, Any]
    """A request with the most common options."""

    def with_flags(self, text: str) -> str:
        """Name fields by the options of a command line in a text that names them as the API does."""
        flags = {option.field: option.flag for option in self.options}
        text = re.sub(r"`(\w+)`|\b(url_\w+)", lambda found: flags.get(found[1] or found[2], found[0]), text)
        return _without_marks(text)

    def example_arguments(self) -> Iterator[str]:
        """Yield the example as arguments of a command line. Input files are named as in their URLs."""
        for option in self.options:
            if option.field in self.example:
                value = _local(self.example[option.field])
                several = option.is_list_of_files and all(isinstance(entry, str) for entry in value)
                yield from (option.flag, *(value if several else (to_text(value),)))


def describe(operation: type[Operation]) -> Description:
    """Return the description of an operation."""
    schema = operation.model_json_schema()
    _, _, details = cleandoc(operation.__doc__ or "").partition("\n\n")
    fields = inputs_first(name for name in operation.model_fields if name != "kind")
    return Description(
        kind=operation.model_fields["kind"].default,
        path=operation.path,
        summary=summary_of(operation),
        details=details,
        options=tuple(
            _option(name, operation.model_fields[name], schemas_at([name], schema), schema) for name in fields
        ),
        smallest=_ordered(schema["examples"][0], fields),
        example=_ordered(schema["examples"][-1], fields),
    )


def summary_of(operation: type[Operation]) -> str:
    """Return what an operation does in one line without a period."""
    return cleandoc(operation.__doc__ or "").partition("\n\n")[0].removesuffix(".")


def _without_marks(text: str) -> str:
    """Return Markdown as a terminal shows it."""
    return text.replace("`", "")


def _ordered(example: Mapping[str, Any], fields: list[str]) -> Mapping[str, Any]:
    """Undo the alphabetical order of JSON schemas."""
    return {name: example[name] for name in fields if name in example}


def _option(name: str, info: FieldInfo, schemas: list[Schema], schema: Schema) -> Option:
    return Option(
        **read_shared(name, info.is_required(), schemas, schema),
        role=ROLES.get(name),
        example=to_text(schemas[0]["examples"][0]),
        metavar="FILE" if name in ROLES else _metavar(info) or name.upper(),
        takes_json=any(choice["type"] in {"array", "object"} for choice in schemas),
        takes_files=name in ROLES or any(map(_takes_url, schemas)),
        is_list_of_files=any(choice["type"] == "array" and _takes_url(choice) for choice in schemas),
    )


def _takes_url(schema: Schema) -> bool:
    return schema.get("format") == "uri" or any(map(_takes_url, schema.get("items", {}).get("anyOf", ())))


def _local(value: Any) -> Any:
    """Return an example with the names of files in place of their URLs."""
    if isinstance(value, Mapping):
        return {name: _local(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_local(entry) for entry in value]
    is_url = isinstance(value, str) and value.startswith("https://")
    return value.rpartition("/")[2] if is_url else value


def _metavar(info: FieldInfo) -> str | None:
    """Return the marker of the field, which in an optional field is one level below."""
    markers = [*info.metadata, *(marker for part in get_args(info.annotation) for marker in get_args(part))]
    return next((marker.name for marker in markers if isinstance(marker, Metavar)), None)
