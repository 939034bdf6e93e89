"""Check `X-API-Key` against stored SHA-256 digests, and that nothing unknown is asked for.

Keys are long random strings, so a plain digest is enough: there is no dictionary to try.
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
from lambda_api.web.leniency import sent_query
from lambda_api.web.names import meant, unknown

_MAX_KEY_LENGTH = 256


def owner_of(api_keys: Mapping[str, str], key: str | None) -> str:
    """The owner of a key. Compares with every digest, each in constant time. Raises Unauthorized."""
    digest = hashlib.sha256((key or "")[:_MAX_KEY_LENGTH].encode("utf-8", "surrogateescape")).hexdigest()
    owners = [owner for known, owner in api_keys.items() if hmac.compare_digest(known, digest)]
    if not key or len(key) > _MAX_KEY_LENGTH or not owners:
        raise Unauthorized("Send a valid key in the X-API-Key header.")
    return owners[0]


def _unknown(name: str, known: list[str]) -> tuple[str, str]:
    """Name a parameter only if it is close to one that exists: any other may hold whatever the caller has."""
    return (field_name(("query", name)) if meant(name, known) else "query", unknown(name, known))


class KeyedRoute(APIRoute):
    """A route that needs a key, checked before the body is read. Query parameters that it does not know are refused.

    The open routes ignore them: links to pages carry tracking parameters, and monitors add some against caches.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = [field.alias for field in self.dependant.query_params]

        async def keyed(request: Request) -> Response:
            services: Services = request.app.state.services
            request.state.owner = owner_of(services.callers().api_keys, request.headers.get("x-api-key"))
            request.scope["query_string"], names = sent_query(request.scope["query_string"])
            errors = tuple(_unknown(name, known) for name in names if name not in known)
            if errors:
                raise InvalidRequest.naming(errors)
            return await handle(request)

        return keyed
