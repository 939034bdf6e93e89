"""Accept empty fields as clients send them, and near misses whose meaning is certain.

n8n, Make and spreadsheets send `null` or `""` for what was left empty: both mean that the field was not sent.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic_core import PydanticCustomError

from contract.pages import page_advice
from contract.pasted import check_pasted
from contract.urls import UrlError, normalize_url
from lambda_api.domain.js_json import dumps

BODY_SHAPE = "body_shape"
_OBJECT = 'send one JSON object, for example {"url_image": "https://example.com/photo.jpg"}'
_NESTED = 'must be text, a number, true or false; send nested data as text, for example "{\\"id\\": 7}"'


def is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def sent(body: Any) -> dict[str, Any]:
    """Drop the blank fields of a body. Raises PydanticCustomError if it is no JSON object."""
    if isinstance(body, dict):
        return {name: value for name, value in body.items() if not is_blank(value)}
    raise PydanticCustomError(BODY_SHAPE, "{sentence}", {"sentence": _shape(body)})


def _shape(body: object) -> str:
    if isinstance(body, str) and body.strip()[:1] in {"{", "["}:
        return "the body is JSON inside a string; send the object itself, without quotes around it"
    if isinstance(body, str):
        return f"the body is text; {_OBJECT}"
    if isinstance(body, list):
        return "the body is a list; send one object per request, without [ ] around it"
    if body is None:
        return f"the body is null; {_OBJECT}"
    return f"the body is a single value; {_OBJECT}"


def sent_query(query: bytes) -> tuple[bytes, list[str]]:
    """Drop blank parameters and the blanks around the others; the names of those that stay."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
    kept = [(name, value.strip()) for name, value in pairs if not is_blank(value)]
    return urlencode(kept).encode(), [name for name, _ in kept]


def metadata_entries(value: Any) -> Any:
    """Drop entries that are null. An empty list is what PHP makes of an empty object."""
    if isinstance(value, str) and value.strip()[:1] == "{":
        raise ValueError("this is JSON inside a string; send the object itself, without quotes around it")
    if value == []:
        return {}
    return {name: entry for name, entry in value.items() if entry is not None} if isinstance(value, dict) else value


def metadata_text(value: Any) -> Any:
    """Write numbers and booleans as JavaScript does."""
    if isinstance(value, bool | int | float):
        return dumps(value)
    if not isinstance(value, str):
        raise ValueError(_NESTED)  # noqa: TRY004 - pydantic reports only a ValueError
    return value


def pasted_url(value: Any, *, of_file: bool) -> Any:
    """Refuse what is certainly no URL of a file. Raises ValueError with a sentence that quotes nothing."""
    if isinstance(value, list):
        raise ValueError("must be one URL as text, not a list")  # noqa: TRY004 - pydantic reports only a ValueError
    if isinstance(value, dict):
        raise ValueError("must be a URL as text, not an object or a file")  # noqa: TRY004 - see above
    if not isinstance(value, str):
        return value
    try:
        check_pasted(value)
        advice = page_advice(normalize_url(value)) if of_file else None
    except UrlError as error:
        raise ValueError(str(error)) from None
    if advice is not None:
        raise ValueError(advice)
    return value
