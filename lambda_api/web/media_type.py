"""The media type of request bodies: uncompressed JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from lambda_api.domain.errors import ApiError, InvalidRequest

_EMPTY = "the request has no body; send a JSON object"

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_JSON = re.compile(r"application/([a-z0-9.!#$&^_-]+\+)?json", re.IGNORECASE)


class UnsupportedMediaType(ApiError):
    status = 415
    code = "unsupported_media_type"
    title = "The request body is not sent as JSON"


def check_media_type(content_type: str | None, content_encoding: str | None) -> None:
    """Raise UnsupportedMediaType for anything but uncompressed JSON. A charset is ignored: JSON is UTF-8 (RFC 8259)."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type in _FORMS:
        raise UnsupportedMediaType(
            "The body is sent as a form. Send it as JSON, with the header Content-Type: application/json."
        )
    if _JSON.fullmatch(media_type) is None:
        raise UnsupportedMediaType("Send the body as JSON, with the header Content-Type: application/json.")
    if (content_encoding or "").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Send the body uncompressed, without Content-Encoding.")


class JsonRoute(APIRoute):
    """A route whose body, if it has one, is JSON. Without this check, any other body would get a 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle
        field = self.body_field.field_info

        async def json_only(request: Request) -> Response:
            if not (await request.body()).strip():
                if field.is_required():
                    raise InvalidRequest.naming((("body", _EMPTY + _example_of(field.annotation)),))
                return await handle(request)
            check_media_type(request.headers.get("content-type"), request.headers.get("content-encoding"))
            return await handle(request)

        return json_only


def _example_of(model: Any) -> str:
    """Return an example of a body: the model's own, else one of the fields that it requires."""
    schema = model.model_json_schema() if isinstance(model, type) and issubclass(model, BaseModel) else {}
    fields: dict[str, Any] = schema.get("properties", {})
    examples = {name: fields[name].get("examples") for name in schema.get("required", ())}
    own = schema.get("examples") or [{name: found[0] for name, found in examples.items() if found}]
    return f", for example {json.dumps(own[0], ensure_ascii=False)}"
