"""Sentences for invalid requests: what is expected, with an example, and never what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from contract.operations.describe import field_schema
from lambda_api.web.validation.field_names import unknown_field
from lambda_api.web.validation.leniency import BODY_SHAPE

Schema = Mapping[str, Any]

_JSON_ERRORS = {
    "Expecting value": "a value is missing or is not valid JSON; texts need double quotes",
    "Expecting property name": (
        "a field name in double quotes is expected; look for an extra comma, single quotes or a placeholder that was "
        "not replaced"
    ),
    "Illegal trailing comma": "there is an extra comma",
    "Expecting ',' delimiter": 'a comma is missing, or a double quote inside a text is not written as \\"',
    "Expecting ':' delimiter": "a colon is missing after a field name",
    "Extra data": "the JSON ends here, but more text follows",
    "Unterminated string": "the text that begins here has no closing double quote",
    "Invalid control character": "a line break or tab inside a text must be written as \\n or \\t",
    "Invalid \\": "a backslash inside a text must be written as \\\\",
}
"""Prefix of the decoder's message → advice."""
_FORM = re.compile(r"[\w.%\[\]-]{1,64}=[^{]*")


def describe_json_error(document: str, position: int, message: str) -> str:
    """Describe where a body stops being valid JSON, and why."""
    if _FORM.match(document.lstrip()):
        return "The request body is a form, not JSON. Send a JSON object."
    line = document.count("\n", 0, position) + 1
    column = position - document.rfind("\n", 0, position)
    why = next((text for start, text in _JSON_ERRORS.items() if message.startswith(start)), "this is not JSON")
    return f"The request body is not valid JSON. Line {line}, column {column}: {why}."


def describe_error(item: Mapping[str, Any], schema: Schema) -> str:
    """Describe one of pydantic's errors. `schema`: that of the object which the field belongs to."""
    kind, loc = item["type"], item["loc"]
    if kind == BODY_SHAPE:
        return str(item["msg"])
    if kind == "missing":
        return "missing" if len(loc) > 1 else "the request has no body; send a JSON object"
    if kind in {"extra_forbidden", "literal_error"}:
        return unknown_field(str(loc[-1]), [name for name in schema.get("properties", ()) if name != "kind"])
    field = field_schema(str(loc[1]) if len(loc) > 1 else "", schema)
    own = str(item["ctx"]["error"]) if kind == "value_error" else None
    if own is not None and field.get("type") not in {"number", "integer"}:
        return own if field.get("format") == "uri" else own + _example(field, own)
    if kind == "too_long":
        return f"must not have more than {item['ctx']['max_length']} entries"
    if kind == "string_too_long":
        return f"must not have more than {item['ctx']['max_length']} characters"
    return _expected(field)


def _expected(field: Schema) -> str:
    if "enum" in field:
        return "must be " + " or ".join(json.dumps(choice) for choice in field["enum"])
    kind = field.get("type")
    if kind in {"number", "integer"}:
        noun = "a number" if kind == "number" else "a whole number"
        text = f"must be {noun} from {field['minimum']:g} to {field['maximum']:g}"
    else:
        text = {"string": "must be text", "object": "must be an object"}.get(str(kind), "is not valid")
    return text + _example(field, text)


def _example(field: Schema, text: str) -> str:
    examples = field.get("examples")
    return f", for example {json.dumps(examples[0])}" if examples and "for example" not in text else ""
