"""Turn every refusal into a problem document that never quotes what the client sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from starlette.exceptions import HTTPException
from starlette.routing import Match

from lambda_api.domain.errors import ApiError, InvalidRequest, Quota, TooManyRequests, Unauthorized
from lambda_api.observability.logs import log_unavailable
from lambda_api.web.problem import problem_document
from lambda_api.web.validation.sentences import Schema, describe_error, describe_json_error

_PRINTABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_ERRORS = 20
_UNEXPECTED = "Something went wrong on our side. Try again."

CHALLENGE = 'ApiKey realm="api-gpu", header="X-API-Key"'
"""RFC 9110 requires a challenge with every 401. No registered scheme covers a key in a custom header."""


class MalformedJson(InvalidRequest):
    status = 400
    code = "malformed_json"
    title = "The request body is not JSON"


class _FrameworkError(ApiError):
    """A refusal by the framework: unknown paths, wrong methods."""

    def __init__(self, status: int, code: str, title: str, advice: str = "") -> None:
        super().__init__(f"{title}{advice}.")
        # The class constants describe one problem each; here the framework chooses.
        self.status = status  # type: ignore[misc]
        self.code = code  # type: ignore[misc]
        self.title = title  # type: ignore[misc]


FRAMEWORK_PROBLEMS = {
    400: ("malformed_json", "The request body is not JSON"),
    404: ("not_found", "There is no such path"),
    405: ("method_not_allowed", "The path does not allow this method"),
}
OTHER_PROBLEM = ("refused", "The request was refused")


def install(app: FastAPI) -> None:
    """Register the handlers of all errors."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


def _respond(request: Request, error: ApiError, headers: dict[str, str] | None = None) -> JSONResponse:
    headers = dict(headers or {})
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TooManyRequests):
        headers |= _rate_limit(error.quota)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = CHALLENGE
    request_id = request.scope["state"].get("request_id", "")
    log_unavailable(error, request_id)
    body = problem_document(error, request_id)
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


def _rate_limit(quota: Quota) -> dict[str, str]:
    """Describe the exhausted quota as structured fields (draft-ietf-httpapi-ratelimit-headers-10)."""
    policy, left = f'"{quota.name}";q={quota.size}', f'"{quota.name}";r=0'
    if quota.unit != "requests":
        policy += f';qu="{quota.unit}"'
    if quota.window_seconds is not None:
        policy += f";w={quota.window_seconds}"
    if quota.reset_seconds is not None:
        left += f";t={quota.reset_seconds}"
    return {"RateLimit-Policy": policy, "RateLimit": left}


async def _api_error(request: Request, error: Exception) -> JSONResponse:
    return _respond(request, error if isinstance(error, ApiError) else ApiError(_UNEXPECTED))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    broken = next((item for item in found if item["type"] == "json_invalid"), None)
    if broken is not None:
        document = error.body if isinstance(error, RequestValidationError) else ""
        return _respond(
            request, MalformedJson(describe_json_error(str(document), broken["loc"][1], broken["ctx"]["error"]))
        )
    schema = _schema(request.scope.get("route"), of_body=any(item["loc"][:1] == ("body",) for item in found))
    pairs = tuple((field_name(item["loc"]), describe_error(item, schema)) for item in found[:_MAX_ERRORS])
    return _respond(request, InvalidRequest.naming(pairs))


def _parameter_schema(info: FieldInfo) -> Schema:
    kind: Any = Annotated[info.annotation, info]
    return TypeAdapter(kind).json_schema()


def _schema(route: Any, *, of_body: bool) -> Schema:
    """Return the schema of the route's body, or of its query."""
    if not isinstance(route, APIRoute):
        return {}
    if not of_body:
        query = {field.alias: _parameter_schema(field.field_info) for field in route.dependant.query_params}
        return {"properties": query}
    body = route.body_field.field_info.annotation if route.body_field is not None else None
    # A body that may be left out is a union with None.
    models = (model for model in (body, *get_args(body)) if isinstance(model, type) and issubclass(model, BaseModel))
    return next(map(_body_schema, models), {})


@cache
def _body_schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return _respond(request, ApiError(_UNEXPECTED))
    code, title = FRAMEWORK_PROBLEMS.get(error.status_code, OTHER_PROBLEM)
    headers = dict(error.headers or {})
    advice = ""
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_allowed_methods(request)))
        advice = f"; it allows {headers['Allow']}"
    elif error.status_code == 404:
        advice = "; /docs lists all of them"
    return _respond(request, _FrameworkError(error.status_code, code, title, advice), headers)


def _allowed_methods(request: Request) -> set[str]:
    """Return the methods of all routes of a path; the framework names those of the first one only."""
    routes = [route for route in request.app.routes if isinstance(route, APIRoute)]
    found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return {name for names in found for name in names}


def field_name(loc: Sequence[str | int]) -> str:
    """Return a dotted path. Its names are client data, so unusual ones are not repeated."""
    names = [str(part) for part in loc[1:]]
    return ".".join(n if _PRINTABLE_NAME.fullmatch(n) else "(unprintable)" for n in names) or "body"
