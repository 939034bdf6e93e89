"""Describe the values of enums and the fields of objects, with the docstrings that they have in the source.

Code generators get a named type for each list of values, also for those that are no enum in the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from inspect import cleandoc
from typing import Any

from contract.errors import Code, Failure
from contract.events import EventType
from contract.fonts import FONTS
from contract.operations import OPERATIONS
from contract.options.captions.presets import PRESETS
from contract.options.picture.size import SHAPES, Shape
from contract.options.sound.loudness import NO_CHANGE, TARGETS
from lambda_api.domain.views.job_schema import STAGE_TEXTS, VIDEO_MODE_TEXTS, WORD_TIMING_TEXTS
from lambda_api.web.openapi.docstrings import attribute_docstrings

Json = dict[str, Any]
Texts = Mapping[str, str]

_PER_VALUE = "x-enumDescriptions"
"""Redocly's name. Generators of TypeScript read it, too."""


def _named() -> dict[str, tuple[str, Texts]]:
    """Return the lists of values that are no enum in the source: name → description, and value → text."""
    shapes = _of_enum(Shape)
    names = {name: f"The same as `{shape}`." for name, shape in SHAPES.items()}
    fonts = {
        name: f"{' and '.join(font.styles).capitalize()}: {', '.join(font.scripts)}." for name, font in FONTS.items()
    }
    targets = {name: f"{lufs:g} LUFS." for name, lufs in TARGETS.items()} | {NO_CHANGE: "It stays as it is."}
    operations = {name: cleandoc(operation.__doc__ or "").splitlines()[0] for name, operation in OPERATIONS.items()}
    presets = {name: preset.description for name, preset in PRESETS.items()}
    return {
        "AspectRatio": ("Width to height of the frame, or the name of a platform.", shapes | names),
        "EventType": ("What a callback reports.", _of_enum(EventType)),
        "FontName": ("A font family, with its styles and scripts.", fonts),
        "LoudnessTarget": ("A loudness by the name of where it is usual.", targets),
        "OperationName": ("An operation.", operations),
        "PresetName": ("A look of captions.", presets),
        "Stage": ("What a job is doing.", STAGE_TEXTS),
        "VideoMode": ("How the picture of the video was made.", VIDEO_MODE_TEXTS),
        "WordTiming": ("The source of the times of words.", WORD_TIMING_TEXTS),
    }


_OTHERWISE: Mapping[type[Enum], Callable[[], Texts]] = {
    Code: lambda: {code: Failure.of(code).message for code in Code},
}
"""Enums whose texts are elsewhere."""


def _of_enum(enum: type[Enum]) -> dict[str, str]:
    docs = attribute_docstrings(enum)
    return {str(member.value): docs[member.name] for member in enum if member.name in docs}


def describe_schemas(document: Json, types: Mapping[str, type]) -> None:
    """Name and describe all lists of values, and describe the fields that have no description yet."""
    schemas: Json = document["components"]["schemas"]
    named = _named()
    texts: dict[str, Texts] = {name: found for name, (_, found) in named.items()}
    for name, found in types.items():
        if issubclass(found, Enum):
            texts[name] = _OTHERWISE.get(found, lambda found=found: _of_enum(found))()
    known = {tuple(value): name for name, value in texts.items()}
    for part in [*_all_parts(document)]:
        _share(part, known, schemas)
    for name, schema in schemas.items():
        if name in texts and "enum" in schema:
            schema.setdefault("description", named.get(name, ("One of these values.",))[0])
            describe_values(schema, texts[name])
        elif name in types:
            _describe_fields(schema, attribute_docstrings(types[name]))


def _all_parts(document: Json) -> Iterator[Json]:
    for schema in document["components"]["schemas"].values():
        yield from _inner(schema)
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                yield from _nodes(parameter["schema"])


def describe_values(schema: Json, texts: Texts) -> None:
    """Add the text of each value to the schema of an enum: for programs, and for readers."""
    if not texts:
        return
    schema[_PER_VALUE] = {value: texts[value] for value in schema["enum"] if value in texts}
    rows = (f"- `{value}`: {text}" for value, text in schema[_PER_VALUE].items())
    schema["description"] = "\n".join([schema["description"], "", *rows])


def _share(part: Json, known: Mapping[tuple[str, ...], str], schemas: Json) -> None:
    """Turn a list of values, or a titled object, that is written where it is used into a reference to a schema."""
    if "enum" in part and (name := known.get(tuple(part["enum"]))):
        schemas.setdefault(name, {"type": part.pop("type", "string"), "enum": part["enum"], "title": name})
        del part["enum"]
        part.pop("type", None)
        part.pop("title", None)
        part["$ref"] = f"#/components/schemas/{name}"
    elif "properties" in part and "title" in part:
        schema = dict(part)
        part.clear()
        schemas[schema["title"]] = schema
        part["$ref"] = f"#/components/schemas/{schema['title']}"


def _describe_fields(schema: Json, docs: Texts) -> None:
    for name, field in schema.get("properties", {}).items():
        if name in docs:
            field.setdefault("description", docs[name])


def _inner(schema: Json) -> Iterator[Json]:
    """Yield the schemas inside a schema, not itself."""
    for part in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from _nodes(part)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from _nodes(schema[name])


def _nodes(schema: Json) -> Iterator[Json]:
    yield schema
    yield from _inner(schema)
