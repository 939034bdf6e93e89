"""The media type of request bodies: uncompressed JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from lambda_api.domain.errors import ApiError, InvalidRequest

_EMPTY = 'the request has no body; send a JSON object, for example {"url_image": "https://example.com/photo.jpg"}'

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
        is_required = self.body_field.field_info.is_required()

        async def json_only(request: Request) -> Response:
            if not (await request.body()).strip():
                if is_required:
                    raise InvalidRequest.naming((("body", _EMPTY),))
                return await handle(request)
            check_media_type(request.headers.get("content-type"), request.headers.get("content-encoding"))
            return await handle(request)

        return json_only
