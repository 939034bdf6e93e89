"""The events of each kind of invocation: API Gateway requests and queue messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.operations.compose import Compose
from lambda_api.domain.access.tokens import Purpose, make_token

KEY, HOOK_SECRET = "bench-key", "bench-hook-secret-0123456789"
CALLBACK_SECRET = f"whsec_{base64.b64encode(HOOK_SECRET.encode()).decode()}"
OPERATION = Compose(
    url_image="https://media.example/photo.jpg",
    url_audio="https://media.example/narration.mp3",
    url_srt="https://media.example/subtitles.srt",
)
Event = dict[str, Any]

_EVENTS = Path(__file__).resolve().parents[2] / "events"


def get_job_event(job_id: str) -> Event:
    return _event("GET", f"/job/{job_id}")


def submit_event(key: str, webhook_url: str | None = None) -> Event:
    """A submit. `webhook_url` is the receiver of the callback; None sends none."""
    body = OPERATION.model_dump(mode="json", exclude={"kind"}, exclude_none=True)
    if webhook_url is not None:
        body["webhook_url"] = webhook_url
    return _event("POST", "/video/compose", json.dumps(body), {"idempotency-key": key})


def webhook_event(job_id: str) -> Event:
    """RunPod's webhook of a completed execution."""
    body = {"id": "run-1", "status": "COMPLETED", "output": {"ok": True}, "executionTime": 4200, "delayTime": 900}
    return _event("POST", f"/runpod/webhook/{job_id}/{_token('webhook', job_id)}", json.dumps(body))


def progress_event(job_id: str, seq: int) -> Event:
    """A worker's progress report."""
    body = {"attempt": 1, "seq": seq, "percent": 10 * seq, "stage": "encode"}
    return _event("POST", f"/runpod/progress/{job_id}/{_token('progress', job_id)}", json.dumps(body))


def queue_event(job_id: str) -> Event:
    """A queue event: one message for a pending callback."""
    event = _golden("sqs.json")
    return event | {"Records": [event["Records"][0] | {"body": json.dumps({"job_id": job_id})}]}


def _token(purpose: Purpose, job_id: str) -> str:
    return make_token(HOOK_SECRET, purpose, job_id, 1)


def _event(method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Event:
    event = _golden("api/health.json")
    event |= {"rawPath": path, "rawQueryString": "", "body": body}
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event["headers"] |= {"x-api-key": KEY, "content-type": "application/json", **(headers or {})}
    return event


def _golden(name: str) -> Event:
    event: Event = json.loads((_EVENTS / name).read_text(encoding="utf-8"))
    return event
