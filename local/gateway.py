"""API Gateway on one machine: routes HTTP requests to the Lambda functions, and adds sample inputs only."""

from __future__ import annotations

import asyncio
import time
import uuid

from aiohttp import web
from multidict import CIMultiDict

from local.apigateway_events import HttpRequest, HttpResponse, message, to_event, to_response
from local.lambdas.functions import Invocable
from local.lambdas.pool import FunctionError, FunctionTimeoutError
from local.logs import Log
from local.samples import SampleServer

MAX_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's payload limit."""
_HOOKS = ("/runpod/webhook/", "/runpod/progress/")


class Gateway:
    """The HTTP front. After `close_to_clients` only RunPod's and the workers' calls are still let in."""

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
            return _as_web(message(503, "Service Unavailable"))
        response = await self._forward(request, self._hooks if hook else self._api)
        if response.status >= 500:
            # The function logs what it answered; what API Gateway answers for it is seen only here.
            self._log.event("gateway", f"{request.method} answered {response.status}", "ERROR", path=_safe(request))
        return _as_web(response)

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
            # A client that hangs up does not stop a Lambda function; nor may it kill the environment here.
            invocation = asyncio.create_task(function.invoke(event))
            invocation.add_done_callback(_seen)
            return to_response(await asyncio.shield(invocation))
        except FunctionTimeoutError:
            return message(503, "Service Unavailable")
        except FunctionError:
            return message(500, "Internal Server Error")


def _seen(invocation: asyncio.Task[object]) -> None:
    """Nobody waits any more for an invocation whose client has gone; its failure is in the log already."""
    if not invocation.cancelled():
        invocation.exception()


def _safe(request: web.Request) -> str:
    """The path without the token that RunPod's and the workers' URLs end with."""
    return request.path.rpartition("/")[0] + "/…" if request.path.startswith(_HOOKS) else request.path


def _as_web(response: HttpResponse) -> web.Response:
    headers = CIMultiDict((name, value) for name, value in response.headers if name != "content-length")
    return web.Response(status=response.status, headers=headers, body=response.body)
