"""Field types that several options share: trimmed text, URLs, numbers, choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, JsonValue, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contract.limits import MAX_URL_LENGTH
from contract.options.stored import UPLOAD_REFERENCE, is_upload, normalize_upload, stored_field
from contract.urls import UrlError, normalize_url

BROADCAST_RATES = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "47.95": 48, "59.94": 60}
"""Decimals that people write for N * 1000/1001 frames per second (SMPTE ST 170)."""

_DECIMAL_COMMA = re.compile(r"-?[0-9]{1,3},[0-9]{1,2}")
"""A comma that groups thousands has three digits after it."""


@dataclass(frozen=True, slots=True)
class Metavar:
    """Name of a field's value in a command line's help."""

    name: str


class OrText:
    """Documents that a text or a number is accepted in place of an object. `text` describes all accepted texts."""

    def __init__(self, text: dict[str, Any]) -> None:
        self._text = text

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(core)
        # They are about the field, so they also apply to the text.
        names = [name for name in ("description", "default", "examples") if name in described]
        notes: dict[str, Any] = {name: described.pop(name) for name in names}
        others = [choice for choice in described.get("anyOf", [described]) if choice.get("type") != "string"]
        return {"anyOf": [self._text, *others], **notes}


def number_field(low: float, high: float, description: str, example: float) -> Any:
    """Return the definition of a field that holds a number within a range."""
    return Field(ge=low, le=high, allow_inf_nan=False, description=description, examples=[example])


def _trim(value: Any) -> Any:
    return value.strip(" \r\n\t") if isinstance(value, str) else value


def _trim_and_lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _read_number(value: Any) -> Any:
    """Read a decimal comma where it cannot mean anything else. Refuse booleans, which pydantic would read as 0 or 1."""
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic reports only a ValueError
    if isinstance(value, str):
        text = value.strip()
        point = text.replace(",", ".")
        return point if _DECIMAL_COMMA.fullmatch(text) or point in BROADCAST_RATES else text
    return value


def _read_flag(value: Any) -> Any:
    """Read text that is true or false. Refuse numbers, which pydantic would read."""
    words = {"true": True, "false": False}
    if isinstance(value, str):
        value = words.get(value.strip().lower())
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - pydantic reports only a ValueError
    return value


def _read_list(value: Any) -> Any:
    """Read text as a list of choices, separated by commas or blanks. A choice that is repeated counts once."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return tuple(dict.fromkeys(map(_trim_and_lower, value)))
    return value


def _read_kind(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _to_unicode(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _normalize_file(value: str) -> str:
    if stored_field(value) is not None:
        return value
    return normalize_upload(value) if is_upload(value) else _normalize(value)


def _normalize(value: str) -> str:
    try:
        return normalize_url(value)
    except UrlError as error:
        raise ValueError(str(error)) from None


def url_schema(contents: str, example: str) -> WithJsonSchema:
    """Describe a URL field. The first sentence describes the file: a command line shows it, too."""
    schema: dict[str, JsonValue] = {
        "type": "string",
        "format": "uri",
        "maxLength": MAX_URL_LENGTH,
        "description": (
            f"{contents} Send a public http or https URL, or `{UPLOAD_REFERENCE}` for a file that you uploaded. Spaces "
            "and accents in a URL are encoded for you."
        ),
        "examples": [example],
    }
    return WithJsonSchema(schema)


Trimmed = BeforeValidator(_trim)
"""Remove blanks and line breaks around a text."""

Flag = BeforeValidator(_read_flag)
"""Accept true or false, or text that is one of them."""

ValidUnicode = BeforeValidator(_to_unicode)
"""Replace half an emoji, which a client cut in two, by a question mark: UTF-8 cannot represent it."""

Number = BeforeValidator(_read_number)
"""Accept a number, or text that is one."""

AnyCase = BeforeValidator(_trim_and_lower)
"""Accept a choice in upper or lower case."""

ChoiceList = BeforeValidator(_read_list)
"""Accept a list of choices in any case, or text that names them."""

KindName = BeforeValidator(_read_kind)
"""Accept the name of a kind in place of an object with `kind`."""

_EXAMPLE = "https://media.example.com/clip.mp4"

Url = Annotated[
    str,
    Trimmed,
    AfterValidator(_normalize),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH, "examples": [_EXAMPLE]}),
]
"""A normalized http or https URL (`contract.urls`). `check_target` decides whether its address may be contacted."""

FileUrl = Annotated[str, Trimmed, AfterValidator(_normalize_file), url_schema("A file.", _EXAMPLE)]
"""The `Url` of an input, or a reference to a file in the gateway's own bucket (`contract.options.stored`)."""
