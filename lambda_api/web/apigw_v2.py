"""Requests and answers as API Gateway's HTTP API exchanges them with a function (payload format 2.0)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambda_api.domain.errors import ApiError, InvalidRequest
from lambda_api.observability import fault, logger, refused
from lambda_api.web.problem import problem

BROKEN = "Something went wrong on our side. Try again, or send us the request_id."


class UnreadableEvent(ApiError):
    """No HTTP API makes such an event: the function is wired to something else, or was invoked by hand."""


class MalformedBody(InvalidRequest):
    status = 400
    code = "malformed_body"
    title = "The request body cannot be read"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    """As it was sent, behind the base path: maybe percent-encoded."""
    base_path: str
    """Of a custom domain: the key of the API mapping, with a slash in front; empty without one."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case; several of one name are joined by commas."""
    source_ip: str
    text: str
    is_base64: bool

    def body(self) -> bytes:
        """Raises MalformedBody."""
        try:
            return base64.b64decode(self.text, validate=True) if self.is_base64 else self.text.encode()
        except ValueError:
            raise MalformedBody("The request body is not what its sender says it is.") from None


def request_id(event: Any) -> str:
    """API Gateway's id of the request; empty if the event has none. Never raises."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    found = context.get("requestId") if isinstance(context, dict) else None
    return found if isinstance(found, str) and found.isascii() and found.isprintable() and len(found) <= 64 else ""


def read(event: Any, public_url: str = "") -> HttpRequest:
    """The request in an event. Raises UnreadableEvent if it is not one of payload format 2.0.

    `public_url`: a path in it is the base path of the requests to its host.
    """
    public = urlsplit(public_url)
    try:
        if event["version"] != "2.0":
            raise UnreadableEvent("The request did not come from an HTTP API of payload format 2.0.")
        http = event["requestContext"]["http"]
        headers = {_text(name).lower(): _text(value) for name, value in (event.get("headers") or {}).items()}
        is_public_host = event["requestContext"].get("domainName") == public.hostname
        base_path = public.path.rstrip("/") if is_public_host else ""
        if cookies := event.get("cookies"):
            headers["cookie"] = "; ".join(map(_text, cookies))
        return HttpRequest(
            method=_text(http["method"]),
            path=_behind(base_path, _text(event["rawPath"])),
            base_path=base_path,
            query=_text(event.get("rawQueryString") or ""),
            headers=headers,
            source_ip=_text(http.get("sourceIp") or ""),
            text=_string(event.get("body") or ""),
            is_base64=bool(event.get("isBase64Encoded")),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise UnreadableEvent("The request did not reach us whole.") from None


def _behind(base_path: str, path: str) -> str:
    """The path without the base path. AWS documents that `rawPath` lacks it; API Gateway sends it."""
    rest = path.removeprefix(base_path)
    return rest or "/" if rest[:1] in {"", "/"} else path


def answer(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str], content_type: str = "application/json"
) -> dict[str, Any]:
    """A function's answer with a JSON body."""
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def answered(respond: Callable[[], dict[str, Any]], request_id: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """What `respond` makes, or a problem if it raises, so that API Gateway has none of its own to tell."""
    try:
        return respond()
    except UnreadableEvent as error:
        logger.error("unreadable event", extra={"request_id": request_id})
        failure: ApiError = error
    except ApiError as error:
        refused(error, request_id)
        failure = error
    except Exception as error:  # noqa: BLE001 - the runtime would log its text, which may quote the request
        logger.error("unhandled error", extra={"request_id": request_id, **fault(error)})
        failure = ApiError(BROKEN)
    pause = {} if failure.retry_after is None else {"retry-after": str(failure.retry_after)}
    return answer(failure.status, problem(failure, request_id), {**headers, **pause}, "application/problem+json")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text(value: Any) -> str:
    """A string that can be sent on. Raises ValueError for half of a surrogate pair."""
    _string(value).encode()
    return str(value)
