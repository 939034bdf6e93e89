"""API Gateway on one machine: routes HTTP requests to the Lambda functions and serves sample inputs."""

from __future__ import annotations

import asyncio
import time
import uuid

from aiohttp import web
from multidict import CIMultiDict

from local.apigateway.events import HttpRequest, HttpResponse, message, to_event, to_response
from local.lambdas.functions import Invocable
from local.lambdas.pool import FunctionError, FunctionTimeoutError
from local.logs import Log
from local.samples.server import SampleServer

MAX_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's payload limit."""
_HOOKS = ("/runpod/webhook/", "/runpod/progress/")
_WITH_TOKEN = (*_HOOKS, "/s/")


class Gateway:
    """The HTTP front end. After `close_to_clients` only requests of RunPod and the workers are accepted."""

    def __init__(self, api: Invocable, hooks: Invocable, log: Log, samples: SampleServer | None = None) -> None:
        self._api = api
        self._hooks = hooks
        self._log = log
        self._closed = False
        self.app = web.Application(client_max_size=MAX_BODY_BYTES)
        if samples is not None:
            samples.add_to(self.app)
        self.app.router.add_route("*", "/{path:.*}", self._handle)

    def close_to_clients(self) -> None:
        self._closed = True

    async def _handle(self, request: web.Request) -> web.Response:
        hook = request.method == "POST" and request.path.startswith(_HOOKS)
        if self._closed and not hook:
            return _to_aiohttp(message(503, "Service Unavailable"))
        response = await self._forward(request, self._hooks if hook else self._api)
        if response.status >= 500:
            # The function logs its own responses; responses made here appear only in this line.
            self._log.event(
                "gateway", f"{request.method} returned {response.status}", "ERROR", path=_redact_path(request)
            )
        return _to_aiohttp(response)

    async def _forward(self, request: web.Request, function: Invocable) -> HttpResponse:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return message(413, "Request Entity Too Large")
        event = to_event(
            HttpRequest(
                method=request.method,
                path=request.rel_url.raw_path,
                query=request.rel_url.raw_query_string,
                headers=list(request.headers.items()),
                body=body,
                source_ip=request.remote or "127.0.0.1",
            ),
            request_id=uuid.uuid4().hex[:16],
            now=time.time(),
        )
        try:
            # A client that disconnects must not stop the function: Lambda finishes the event, too.
            invocation = asyncio.create_task(function.invoke(event))
            invocation.add_done_callback(_retrieve_exception)
            return to_response(await asyncio.shield(invocation))
        except FunctionTimeoutError:
            return message(503, "Service Unavailable")
        except FunctionError:
            return message(500, "Internal Server Error")


def _retrieve_exception(invocation: asyncio.Task[object]) -> None:
    """Mark the exception as retrieved: if the client is gone, nothing awaits it, and the log has it already."""
    if not invocation.cancelled():
        invocation.exception()


def _redact_path(request: web.Request) -> str:
    """Return the path without the token at the end of share links, and of RunPod's and the workers' URLs."""
    return request.path.rpartition("/")[0] + "/…" if request.path.startswith(_WITH_TOKEN) else request.path


def _to_aiohttp(response: HttpResponse) -> web.Response:
    headers = CIMultiDict((name, value) for name, value in response.headers if name != "content-length")
    return web.Response(status=response.status, headers=headers, body=response.body)
