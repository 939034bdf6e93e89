"""What RunPod and the workers call: the web hook and the progress reports. No FastAPI: it must start fast.

`POST /runpod/webhook/{job_id}/{token}`   body: RunPod's status envelope, believed in nothing.
`POST /runpod/progress/{job_id}/{token}`  body: `ProgressReport`; answer: `ProgressReply`.
200, or 404 for anything that does not hold a genuine token.
"""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import Any

from contract.limits import MAX_BODY_BYTES
from contract.messages import ProgressReply, ProgressReport
from lambda_api import wiring
from lambda_api.domain.errors import ApiError, NotFound
from lambda_api.entrypoints import ready
from lambda_api.observability import instrumented, refused
from lambda_api.problem import problem
from lambda_api.settings import Need
from lambda_api.usecases.progress import progress
from lambda_api.usecases.ring import ring

services = partial(wiring.services, frozenset({Need.RUNPOD, Need.HOOK}))
wiring.after_restore(wiring.renew)


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Event and answer: API Gateway payload format 2.0."""
    request = event.get("requestContext") or {}
    request_id = request.get("requestId") or ""
    try:
        method = (request.get("http") or {}).get("method")
        return _answer(200, _route(method, str(event.get("rawPath") or ""), event))
    except ApiError as error:
        refused(error, request_id)
        return _answer(error.status, problem(error, request_id), "application/problem+json")


def _route(method: str | None, path: str, event: dict[str, Any]) -> dict[str, Any]:
    parts = path.strip("/").split("/")
    if method != "POST" or len(parts) != 4 or parts[0] != "runpod":
        raise NotFound("There is nothing here.")
    _, purpose, job_id, token = parts
    body = _body(event)
    if purpose == "webhook":
        ring(services(), job_id, token, _error_text(body))
        return {"ok": True}
    if purpose == "progress":
        try:
            report = ProgressReport.model_validate_json(body)
        except ValueError:
            raise NotFound("There is no such job.") from None
        return ProgressReply(stop=progress(services(), job_id, token, report)).model_dump()
    raise NotFound("There is nothing here.")


def _body(event: dict[str, Any]) -> bytes:
    """The raw body; empty if it is absent, malformed or too long to matter."""
    body = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES:
        return b""
    try:
        return base64.b64decode(body) if event.get("isBase64Encoded") else str(body).encode()
    except ValueError:
        return b""


def _error_text(body: bytes) -> str | None:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = envelope.get("error") if isinstance(envelope, dict) else None
    return error if isinstance(error, str) else None


def _answer(status: int, body: dict[str, Any], content_type: str = "application/json") -> dict[str, Any]:
    headers = {"content-type": content_type, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body), "isBase64Encoded": False}


ready()
