"""Times within a video: seconds as a number, or as text the way players show them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MAX_MOMENT = 86_400.0
"""Seconds. No input is as long."""

_SECONDS = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,9})?")
_CLOCK = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-9]{1,2}(?:[.,][0-9]{1,9})?)")
"""Hours, which may be absent, minutes, and seconds with a fraction."""
_SHAPES = r"^([0-7]?[0-9]{1,4}|[0-9]{1,3}:[0-5]?[0-9]|([01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9])([.,][0-9]{1,9})?$"
"""For the documentation: each text of these shapes is a valid time."""


def _read_moment(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a time")  # noqa: TRY004 - pydantic reports only a ValueError
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text.replace(",", "."))
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError('must be seconds, or a time such as "1:02:03.5"')
    hours, minutes, seconds = clock.groups()
    if float(seconds.replace(",", ".")) >= 60 or (hours and int(minutes) >= 60):
        raise ValueError("must not have more than 59 seconds, or 59 minutes after hours")
    # Through integers, so that 0:00:01.1 is the same number as 1.1.
    return float(f"{int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds[:2].rstrip('.,'))}{_fraction(seconds)}")


def _fraction(seconds: str) -> str:
    found = re.search(r"[.,]([0-9]+)", seconds)
    return f".{found[1]}" if found else ""


@dataclass(frozen=True, slots=True)
class Moment:
    """Defines a field that holds a time within a video, in seconds. The model has a number."""

    description: str
    example: float | str

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.float_schema(ge=0, le=MAX_MOMENT, allow_inf_nan=False)
        return core_schema.no_info_before_validator_function(_read_moment, number)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "anyOf": [
                {"type": "number", "minimum": 0.0, "maximum": MAX_MOMENT},
                {"type": "string", "pattern": _SHAPES},
            ],
            "description": f'{self.description} Seconds, or text such as "1:02:03.5".',
            "examples": [self.example],
        }
