"""Requests and responses as API Gateway's HTTP API exchanges them with a function (payload format 2.0)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambda_api.domain.errors import ApiError, InvalidRequest
from lambda_api.observability.logs import describe_exception, log_unavailable, logger
from lambda_api.web.problem import problem_document

INTERNAL_ERROR_DETAIL = "Something went wrong on our side. Try again, or send us the request_id."


class MalformedEvent(ApiError):
    """The event does not come from an HTTP API: the function is wired to something else, or was invoked by hand."""


class MalformedBody(InvalidRequest):
    status = 400
    code = "malformed_body"
    title = "The request body cannot be read"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    """As sent, without the base path; may be percent-encoded."""
    base_path: str
    """The API mapping key of a custom domain with a leading slash; empty without one."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case; repeated headers are joined by commas."""
    source_ip: str
    text: str
    is_base64: bool

    def body(self) -> bytes:
        """Decode the body. Raises MalformedBody."""
        try:
            return base64.b64decode(self.text, validate=True) if self.is_base64 else self.text.encode()
        except ValueError:
            raise MalformedBody("The request body is not valid base64. Send it again.") from None


def request_id(event: Any) -> str:
    """Return API Gateway's id of the request; empty if the event has none. Raises nothing."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    found = context.get("requestId") if isinstance(context, dict) else None
    return found if isinstance(found, str) and found.isascii() and found.isprintable() and len(found) <= 64 else ""


def parse_event(event: Any, public_url: str = "") -> HttpRequest:
    """Read the request in an event. Raises MalformedEvent if the event is not of payload format 2.0.

    `public_url`: its path is the base path of requests to its host.
    """
    public = urlsplit(public_url)
    try:
        if event["version"] != "2.0":
            raise MalformedEvent("The request did not come from an HTTP API of payload format 2.0.")
        http = event["requestContext"]["http"]
        headers = {_text(name).lower(): _text(value) for name, value in (event.get("headers") or {}).items()}
        is_public_host = event["requestContext"].get("domainName") == public.hostname
        base_path = public.path.rstrip("/") if is_public_host else ""
        if cookies := event.get("cookies"):
            headers["cookie"] = "; ".join(map(_text, cookies))
        return HttpRequest(
            method=_text(http["method"]),
            path=_strip_base_path(base_path, _text(event["rawPath"])),
            base_path=base_path,
            query=_text(event.get("rawQueryString") or ""),
            headers=headers,
            source_ip=_text(http.get("sourceIp") or ""),
            text=_string(event.get("body") or ""),
            is_base64=bool(event.get("isBase64Encoded")),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise MalformedEvent("The gateway event is malformed.") from None


def _strip_base_path(base_path: str, path: str) -> str:
    """Return the path without the base path. AWS documents that `rawPath` lacks it, but API Gateway sends it."""
    rest = path.removeprefix(base_path)
    return rest or "/" if rest[:1] in {"", "/"} else path


def build_response(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str], content_type: str = "application/json"
) -> dict[str, Any]:
    """Build a function's response with a JSON body."""
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def handle_errors(respond: Callable[[], dict[str, Any]], request_id: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the response of `respond`, or a problem document if it raises, so that API Gateway does not."""
    try:
        return respond()
    except MalformedEvent as error:
        logger.error("malformed_event", extra={"request_id": request_id})
        failure: ApiError = error
    except ApiError as error:
        log_unavailable(error, request_id)
        failure = error
    except Exception as error:  # noqa: BLE001 - the runtime would log its text, which may quote the request
        logger.error("unhandled_error", extra={"request_id": request_id, **describe_exception(error)})
        failure = ApiError(INTERNAL_ERROR_DETAIL)
    retry_after = {} if failure.retry_after is None else {"retry-after": str(failure.retry_after)}
    return build_response(
        failure.status, problem_document(failure, request_id), {**headers, **retry_after}, "application/problem+json"
    )


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text(value: Any) -> str:
    """Return a string that can be encoded. Raises TypeError; ValueError for half of a surrogate pair."""
    _string(value).encode()
    return str(value)
