"""RunPod's webhook and the workers' progress reports. No FastAPI: it must start fast.

`POST /runpod/webhook/{job_id}/{token}`   body: RunPod's status envelope, of which nothing is trusted.
`POST /runpod/progress/{job_id}/{token}`  body: `ProgressReport`; response: `ProgressReply`.
200, or 404 without a valid token.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from contract.limits import MAX_BODY_BYTES
from contract.messages import ProgressReply, ProgressReport
from lambda_api import wiring
from lambda_api.adapters import deadline
from lambda_api.domain.errors import NotFound
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability.metrics import instrument
from lambda_api.settings import Secret
from lambda_api.usecases.handle_webhook import handle_webhook
from lambda_api.usecases.record_progress import record_progress
from lambda_api.web import apigw_v2

_SECONDS = 5.0
"""RunPod is waiting, and retries if it gets no response. The sweeper does what takes longer."""
_RUNPOD_SECONDS = 2.0
"""For RunPod's response, and 1 s to connect: that leaves time to store the result."""

services = partial(wiring.services, frozenset({Secret.RUNPOD, Secret.HOOK}), _RUNPOD_SECONDS)
wiring.after_restore(wiring.renew)

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an event of API Gateway, payload format 2.0. Raises nothing."""
    with deadline.within(_SECONDS):
        return apigw_v2.handle_errors(
            lambda: apigw_v2.build_response(200, _route(apigw_v2.parse_event(event, services().public_url)), _HEADERS),
            apigw_v2.request_id(event),
            _HEADERS,
        )


def _route(request: apigw_v2.HttpRequest) -> dict[str, Any]:
    parts = request.path.strip("/").split("/")
    if request.method != "POST" or len(parts) != 4 or parts[0] != "runpod":
        raise NotFound("There is nothing here.")
    _, purpose, job_id, token = parts
    if purpose == "webhook":
        handle_webhook(services(), job_id, token, _error_text(_body(request)))
        return {"ok": True}
    if purpose == "progress":
        try:
            report = ProgressReport.model_validate_json(_body(request))
        except ValueError:
            raise NotFound("There is no such job.") from None
        return ProgressReply(stop=record_progress(services(), job_id, token, report)).model_dump()
    raise NotFound("There is nothing here.")


def _body(request: apigw_v2.HttpRequest) -> bytes:
    """Return the raw body; empty if it is absent, malformed or too long."""
    if len(request.text) > MAX_BODY_BYTES:
        return b""
    try:
        return request.body()
    except apigw_v2.MalformedBody:
        return b""


def _error_text(body: bytes) -> str | None:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = envelope.get("error") if isinstance(envelope, dict) else None
    return error if isinstance(error, str) else None


freeze_gc_after_init(services)
