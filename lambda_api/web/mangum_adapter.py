"""Pass API Gateway's events through Mangum to the application, and respond to malformed events too."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import unquote

from fastapi import FastAPI
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from mangum.handlers import HTTPGateway
from mangum.types import LambdaConfig, LambdaContext, LambdaEvent, Scope

from lambda_api.web import apigw_v2
from lambda_api.web.middleware import SECURITY_HEADERS

# Mangum logs every path, and errors with their text. `RequestMiddleware` logs both without client data.
logging.getLogger("mangum.http").disabled = True

_thread = threading.local()


def _set_event_loop() -> None:
    """Give this thread the event loop that Mangum expects: Python 3.14 creates none, and `asyncio.run` removes it."""
    if not hasattr(_thread, "loop"):
        _thread.loop = asyncio.new_event_loop()
    asyncio.set_event_loop(_thread.loop)


class _Events(HTTPGateway):
    """Mangum's event reader with a check of the shape, which Mangum trusts."""

    public_url: ClassVar[Callable[[], str]]

    @classmethod
    def infer(cls, event: LambdaEvent, context: LambdaContext, config: LambdaConfig) -> bool:  # noqa: ARG003
        return True

    def __init__(self, event: LambdaEvent, context: LambdaContext, config: LambdaConfig) -> None:
        super().__init__(event, context, config)
        self._request = apigw_v2.parse_event(event, type(self).public_url())

    @property
    def body(self) -> bytes:
        return self._request.body()

    # Mangum reads it again to choose the format of the response.
    @cached_property
    def scope(self) -> Scope:
        request = self._request
        return {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "headers": [[name.encode(), value.encode()] for name, value in request.headers.items()],
            "path": request.base_path + (unquote(request.path) or "/"),
            "raw_path": None,
            "root_path": request.base_path,
            "scheme": "https",
            "query_string": request.query.encode(),
            "server": None,
            "client": (request.source_ip, 0),
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "aws.event": self.event,
            "aws.context": self.context,
        }


def event_handler(app: FastAPI) -> Callable[[Any, Any], dict[str, Any]]:
    """Return the application as a Lambda handler: event in, response out, payload format 2.0. Raises nothing."""

    class Events(_Events):
        # Read at each request: SnapStart gives a restored process new services.
        public_url = staticmethod(lambda: str(app.state.services.public_url))

    # Problems are text: they need no base64 encoding.
    text = [*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"]
    asgi = Mangum(app, lifespan="off", custom_handlers=[Events], text_mime_types=text)

    def handle(event: Any, context: Any) -> dict[str, Any]:
        _set_event_loop()
        request_id = apigw_v2.request_id(event) or str(getattr(context, "aws_request_id", ""))
        return apigw_v2.handle_errors(
            lambda: asgi(event, context), request_id, SECURITY_HEADERS | {"x-request-id": request_id}
        )

    return handle
