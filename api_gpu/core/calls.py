"""One request to the API or its storage, with retries, and what its answer means."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Callable, Mapping
from typing import Any

from api_gpu.core.context import Context
from api_gpu.core.effects import Effect, Flow, Request, Response, Send, Sleep
from api_gpu.core.retry import delay_after, retry_after
from api_gpu.errors import APIConnectionError, ApiGpuError, APIStatusError, status_error
from api_gpu.logs import logger, shown_url

_XML = re.compile(rb"<(Code|Message)>([^<]{1,300})</")


def call(
    context: Context,
    method: str,
    path: str,
    *,
    json: object = None,
    params: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    read_seconds: float | None = None,
    patience: int = 1,
) -> Flow[Any]:
    """Call a route and return its JSON; None if the answer has no body. Raises APIStatusError, APIConnectionError.

    `patience` multiplies the retries.
    """
    content = None if json is None else _encode(json)
    sent = {**context.headers, **(headers or {})}
    if content is not None:
        sent["Content-Type"] = "application/json"
    request = Request(method, context.url(path, params), sent, content, read_seconds)
    response = yield from send(context, request, lambda: Send(request), patience=patience)
    if not response.body.strip():
        return None
    try:
        return json_module.loads(response.body)
    except ValueError:
        raise ApiGpuError(
            f"{shown_url(request.url)} did not answer with JSON; check that base_url is the address of the API"
        ) from None


def send(context: Context, request: Request, effect: Callable[[], Effect], *, patience: int = 1) -> Flow[Response]:
    """Send a request until it succeeds or may not be repeated. `effect` makes each attempt."""
    failures = 0
    while True:
        error: APIConnectionError | None = None
        response: Response | None = None
        try:
            response = yield effect()
        except APIConnectionError as caught:
            error = caught
        if response is not None and response.is_success:
            return response
        failures += 1
        delay = delay_after(response, failures, context.max_retries * patience, context.random(), context.now())
        if delay is None:
            raise failed(context, request, response) if response is not None else _lost(error)
        cause = type(error).__name__ if response is None else response.status
        logger.debug("%s %s: %s, again in %.1f s", request.method, shown_url(request.url), cause, delay)
        yield Sleep(delay)


def _lost(error: APIConnectionError | None) -> APIConnectionError:
    return error or APIConnectionError("no answer")


def failed(context: Context, request: Request, response: Response) -> APIStatusError:
    """Return the error for an answer that is no success."""
    error = status_error(response.status, _problem(request, response), response.headers)
    error.retry_after = retry_after(response.headers, context.now())
    return error


def _problem(request: Request, response: Response) -> Mapping[str, Any]:
    try:
        read = json_module.loads(response.body)
    except ValueError:
        read = None
    if isinstance(read, dict):
        # API Gateway's own refusals have only a message.
        message = read.get("message")
        return read if "detail" in read or not isinstance(message, str) else {**read, "detail": message}
    found = {name.decode(): text.decode("utf-8", "replace") for name, text in _XML.findall(response.body)}
    if "Code" in found:
        return {"title": f"the storage refused the file: {found['Code']}", "detail": found.get("Message")}
    if response.status in range(300, 400):
        return {"detail": f"{shown_url(request.url)} leads elsewhere; use the final address (https) as base_url"}
    return {}


def _encode(body: object) -> bytes:
    try:
        return json_module.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ApiGpuError(f"the request cannot be written as JSON: {error}") from None
