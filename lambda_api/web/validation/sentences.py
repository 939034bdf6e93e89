"""Sentences for invalid requests: what is expected, with an example, and never what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract.documentation.properties import schemas_at
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
_TYPES = {
    "string": "must be text",
    "object": "must be an object",
    "array": "must be a list",
    "boolean": "must be true or false",
}
_LENGTHS = {
    "too_short": "must have entries, at least {min_length}",
    "too_long": "must not have more than {max_length} entries",
    "string_too_long": "must not have more than {max_length} characters",
}
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
        return _describe_unknown(loc, schema)
    found = schemas_at(loc[1:], schema)
    field = found[0] if found else {}
    own = str(item["ctx"]["error"]) if kind == "value_error" else None
    if own is not None and "enum" in field:
        return own
    if own is not None and field.get("type") not in {"number", "integer"}:
        # A sentence with a semicolon already says what to do.
        return own if field.get("format") == "uri" or ";" in own else own + _example(field, own)
    if kind in _LENGTHS:
        return _LENGTHS[kind].format_map(item["ctx"])
    text = _expected(field)
    return text + (" or an object" if any("properties" in other for other in found[1:]) else "") + _example(field, text)


def _describe_unknown(loc: Sequence[str | int], schema: Schema) -> str:
    """Describe a field that its object does not have."""
    parents = schemas_at(loc[1:-1], schema)
    known = [name for parent in parents for name in parent.get("properties", ()) if name != "kind"]
    return unknown_field(str(loc[-1]), known, is_nested=len(loc) > 2)


def _expected(field: Schema) -> str:
    if "enum" in field:
        *others, last = map(json.dumps, field["enum"])
        return f"must be {', '.join(others)} or {last}" if others else f"must be {last}"
    kind = field.get("type")
    if kind in {"number", "integer"}:
        noun = "a number" if kind == "number" else "a whole number"
        return f"must be {noun} from {field['minimum']:.10g} to {field['maximum']:.10g}"
    return _TYPES.get(str(kind), "is not valid")


def _example(field: Schema, text: str) -> str:
    examples = field.get("examples")
    has_example = "for example" in text or "enum" in field
    return f", for example {json.dumps(examples[0], ensure_ascii=False)}" if examples and not has_example else ""
