"""Who is asking: `X-API-Key` against stored SHA-256 digests.

Keys are long random strings, so a plain digest is enough: there is no dictionary to try.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from lambda_api.domain.errors import Unauthorized
from lambda_api.usecases.services import Services

_MAX_KEY_LENGTH = 256


def owner_of(api_keys: Mapping[str, str], key: str | None) -> str:
    """The owner of a key. Compares with every digest, each in constant time. Raises Unauthorized."""
    digest = hashlib.sha256((key or "")[:_MAX_KEY_LENGTH].encode("utf-8", "surrogateescape")).hexdigest()
    owners = [owner for known, owner in api_keys.items() if hmac.compare_digest(known, digest)]
    if not key or len(key) > _MAX_KEY_LENGTH or not owners:
        raise Unauthorized("Send a valid key in the X-API-Key header.")
    return owners[0]


class KeyedRoute(APIRoute):
    """A route that needs a key, checked before the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def keyed(request: Request) -> Response:
            services: Services = request.app.state.services
            request.state.owner = owner_of(services.callers().api_keys, request.headers.get("x-api-key"))
            return await handle(request)

        return keyed
