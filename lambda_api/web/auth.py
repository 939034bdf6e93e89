"""Authenticate by `X-API-Key`, and refuse unknown query parameters.

Keys are stored as SHA-256 digests. They are long random strings, so a plain digest is enough: no dictionary attack
applies.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from lambda_api.domain.errors import InvalidRequest, Unauthorized
from lambda_api.usecases.services import Services
from lambda_api.web.errors import field_name
from lambda_api.web.validation.field_names import closest_field, unknown_field
from lambda_api.web.validation.leniency import drop_blank_parameters

_MAX_KEY_LENGTH = 256


def find_owner(api_keys: Mapping[str, str], key: str | None) -> str:
    """Return the owner of a key. Compares with every digest, each in constant time. Raises Unauthorized."""
    digest = hashlib.sha256((key or "")[:_MAX_KEY_LENGTH].encode("utf-8", "surrogateescape")).hexdigest()
    owners = [owner for known, owner in api_keys.items() if hmac.compare_digest(known, digest)]
    if not key or len(key) > _MAX_KEY_LENGTH or not owners:
        raise Unauthorized("Send a valid key in the X-API-Key header.")
    return owners[0]


def _unknown_parameter(name: str, known: list[str]) -> tuple[str, str]:
    """Name a parameter only if it resembles an existing one: any other may contain the caller's data."""
    return (field_name(("query", name)) if closest_field(name, known) else "query", unknown_field(name, known))


class KeyedRoute(APIRoute):
    """A route that requires a key, checked before the body is read. It refuses unknown query parameters.

    The open routes ignore them: links to pages carry tracking parameters, and monitors add some to bypass caches.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = [field.alias for field in self.dependant.query_params]

        async def keyed(request: Request) -> Response:
            services: Services = request.app.state.services
            request.state.owner = find_owner(services.callers().api_keys, request.headers.get("x-api-key"))
            request.scope["query_string"], names = drop_blank_parameters(request.scope["query_string"])
            errors = tuple(_unknown_parameter(name, known) for name in names if name not in known)
            if errors:
                raise InvalidRequest.naming(errors)
            return await handle(request)

        return keyed
