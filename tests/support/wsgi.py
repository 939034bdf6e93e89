"""The application's Lambda handler behind WSGI, for tools that call applications in their own process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from local.apigateway.events import HttpRequest, to_event, to_response
from tests.support.fakes import World
from tests.support.gateway import context, settings

Start = Callable[[str, list[tuple[str, str]]], object]


class Wsgi:
    """HTTP → API Gateway's event → Mangum → the application, and back. May be called from any thread, one at a time."""

    def __init__(self, world: World) -> None:
        self.requests = 0
        self._world = world
        self._handle = event_handler(create_app(world.services, settings().cors_allow_origins))

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        self.requests += 1
        # Without this, repeated keys would conflict and the number of jobs would exceed the quota.
        self._world.store.keys.clear()
        self._world.store.usage.clear()
        event = to_event(_request(environ), request_id=f"request-{self.requests}", now=0.0)
        response = to_response(self._handle(event, context()))
        start(f"{response.status} {HTTPStatus(response.status).phrase}", list(response.headers))
        return [response.body]


def _request(environ: dict[str, Any]) -> HttpRequest:
    headers = [(name[5:].replace("_", "-").lower(), value) for name, value in environ.items() if name[:5] == "HTTP_"]
    headers += [("content-type", environ["CONTENT_TYPE"])] if environ.get("CONTENT_TYPE") else []
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=urlsplit(environ["REQUEST_URI"]).path,
        query=environ["QUERY_STRING"],
        headers=headers,
        body=environ["wsgi.input"].read(length),
        source_ip="192.0.2.7",
    )
