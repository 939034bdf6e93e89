"""Accept empty fields as clients send them, and values whose meaning is certain.

n8n, Make and spreadsheets send `null` or `""` for an empty field: both mean that the field was not sent.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic_core import PydanticCustomError

from contract.direct_links import direct_link
from contract.options.stored import is_upload
from contract.pages import page_advice
from contract.pasted import check_pasted
from contract.urls import UrlError, normalize_url
from lambda_api.domain.views.js_json import dumps

BODY_SHAPE = "body_shape"
_OBJECT = 'send one JSON object, for example {"url_image": "https://example.com/photo.jpg"}'
_NESTED = 'must be text, a number, true or false; send nested data as text, for example "{\\"id\\": 7}"'


def is_blank(value: object) -> bool:
    """True for None and for text without a visible character."""
    return value is None or (isinstance(value, str) and not value.strip())


def drop_blank_fields(body: Any) -> dict[str, Any]:
    """Return a body without its blank fields. Raises PydanticCustomError if it is not a JSON object."""
    if isinstance(body, dict):
        return {name: value for name, value in body.items() if not is_blank(value)}
    raise PydanticCustomError(BODY_SHAPE, "{sentence}", {"sentence": _describe_shape(body)})


def _describe_shape(body: object) -> str:
    if isinstance(body, str) and body.strip()[:1] in {"{", "["}:
        return "the body is JSON inside a string; send the object itself, without quotes around it"
    if isinstance(body, str):
        return f"the body is text; {_OBJECT}"
    if isinstance(body, list):
        return "the body is a list; send one object per request, without [ ] around it"
    if body is None:
        return f"the body is null; {_OBJECT}"
    return f"the body is a single value; {_OBJECT}"


def drop_blank_parameters(query: bytes) -> tuple[bytes, list[str]]:
    """Return a query without blank parameters, its values trimmed, and the names that are left."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
    kept = [(name, value.strip()) for name, value in pairs if not is_blank(value)]
    return urlencode(kept).encode(), [name for name, _ in kept]


def refuse_json_text(value: Any) -> Any:
    """Return `value`. Raises ValueError for an object or a list that was encoded as JSON twice."""
    kind = {"{": "object", "[": "list"}.get(value.strip()[:1]) if isinstance(value, str) else None
    if kind is not None:
        raise ValueError(f"this is JSON inside a string; send the {kind} itself, without quotes around it")
    return value


def normalize_metadata(value: Any) -> Any:
    """Drop null entries. An empty list counts as empty: PHP encodes an empty array that way."""
    refuse_json_text(value)
    if value == []:
        return {}
    return {name: entry for name, entry in value.items() if entry is not None} if isinstance(value, dict) else value


def metadata_value_to_text(value: Any) -> Any:
    """Convert numbers and booleans to text as JavaScript does."""
    if isinstance(value, bool | int | float):
        return dumps(value)
    if not isinstance(value, str):
        raise ValueError(_NESTED)  # noqa: TRY004 - pydantic reports only a ValueError
    return value


def check_pasted_url(value: Any, *, of_file: bool) -> Any:
    """Return `value`, or the direct link where it is a share link of a file; a callback's URL is never changed.

    Raises ValueError with a sentence that quotes nothing if it is certainly not the URL of a file.
    """
    if isinstance(value, list):
        raise ValueError("must be one URL as text, not a list")  # noqa: TRY004 - pydantic reports only a ValueError
    if isinstance(value, dict):
        raise ValueError("must be a URL as text, not an object or a file")  # noqa: TRY004 - see above
    if not isinstance(value, str) or (of_file and is_upload(value)):
        return value
    try:
        check_pasted(value)
        if not of_file:
            return value
        direct = direct_link(normalize_url(value))
    except UrlError as error:
        raise ValueError(str(error)) from None
    advice = page_advice(direct)
    if advice is not None:
        raise ValueError(advice)
    return direct
