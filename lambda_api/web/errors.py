"""Every refusal becomes a problem document; none of them quotes what the client sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lambda_api.domain.errors import ApiError, InvalidRequest, Quota, TooManyRequests
from lambda_api.observability import refused
from lambda_api.problem import problem

_PRINTABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_ERRORS = 20


class MalformedJson(InvalidRequest):
    status = 400
    code = "malformed_json"
    title = "The request body is not JSON"


class _Http(ApiError):
    """What the framework refuses on its own: unknown paths, wrong methods."""

    def __init__(self, status: int, code: str, title: str) -> None:
        super().__init__(f"{title}.")
        # The class constants describe one problem each; here the framework chooses.
        self.status = status  # type: ignore[misc]
        self.code = code  # type: ignore[misc]
        self.title = title  # type: ignore[misc]


_HTTP = {
    400: ("malformed_json", "The request body is not JSON"),
    404: ("not_found", "There is nothing at this path"),
    405: ("method_not_allowed", "The path does not take this method"),
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


def _respond(request: Request, error: ApiError, headers: dict[str, str] | None = None) -> JSONResponse:
    headers = dict(headers or {})
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TooManyRequests):
        headers |= _rate_limit(error.quota)
    request_id = request.scope["state"].get("request_id", "")
    refused(error, request_id)
    body = problem(error, request_id)
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


def _rate_limit(quota: Quota) -> dict[str, str]:
    """After draft-ietf-httpapi-ratelimit-headers-10: structured fields, of the one quota that is used up."""
    policy, left = f'"{quota.name}";q={quota.size}', f'"{quota.name}";r=0'
    if quota.unit != "requests":
        policy += f';qu="{quota.unit}"'
    if quota.window_seconds is not None:
        policy += f";w={quota.window_seconds}"
    if quota.reset_seconds is not None:
        left += f";t={quota.reset_seconds}"
    return {"RateLimit-Policy": policy, "RateLimit": left}


async def _api_error(request: Request, error: Exception) -> JSONResponse:
    return _respond(request, error if isinstance(error, ApiError) else ApiError("Something went wrong."))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(item["type"] == "json_invalid" for item in found):
        return _respond(request, MalformedJson("The request body is not valid JSON."))
    pairs = tuple((_field(item["loc"]), _message(item)) for item in found[:_MAX_ERRORS])
    return _respond(request, InvalidRequest("Some fields are missing or not valid.", errors=pairs))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return _respond(request, ApiError("Something went wrong."))
    code, title = _HTTP.get(error.status_code, ("refused", "The request was refused"))
    return _respond(request, _Http(error.status_code, code, title), dict(error.headers or {}))


def _field(loc: Sequence[str | int]) -> str:
    """A dotted path. The names in it are the client's own, so odd ones are not repeated."""
    names = [str(part) for part in loc if part not in {"body", "query", "path", "header"}]
    return ".".join(n if _PRINTABLE_NAME.fullmatch(n) else "(unprintable)" for n in names) or "body"


def _message(item: dict[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "this field does not exist"
    return str(item["msg"]).removeprefix("Value error, ")
