"""Describe the callback to a `webhook_url` in the document at /openapi.json."""

from __future__ import annotations

from typing import Any

from lambda_api.domain.policy import CALLBACK_DELAYS

_RULES = f"""\
Sent to the `webhook_url` of a job when it has finished, as described by Standard Webhooks. With `job.progress`
in `webhook_events` also once each when 25, 50 and 75 % are first reached: one attempt, left out if the job is
further by then.

- **Answer 2xx within 15 seconds** (5 to connect, 10 to respond), then do the work. 410 ends the deliveries. 409 is
  retried after 5 s and 1 min, because n8n sends it before it waits; the third counts as received. Redirects are not
  followed. Any other response is retried: {len(CALLBACK_DELAYS)} attempts in about 45 hours; `Retry-After` is honored
  up to a day.
- **Verify the raw bytes** of the body with a Standard Webhooks library and the secret of your API key. For receivers
  that have only the parsed body, `JSON.stringify(JSON.parse(body))` gives the same bytes.
- `webhook-id` is the same at each delivery of an event, `msg_<job_id>` or `msg_<job_id>_<percent>`: use it to drop
  repeats. Each delivery has its own `webhook-timestamp`, signature, `video_url` and URLs in `artifacts`; everything
  else stays the same.
"""


def describe_callback() -> dict[str, Any]:
    """Return the operation object of the callback."""
    return {
        "tags": ["Jobs"],
        "operationId": "job_ended",
        "summary": "A job has finished or progressed",
        "description": _RULES,
        "security": [],
        "parameters": [
            _header("webhook-id", "The same at each delivery of one event.", {"type": "string"}),
            _header("webhook-timestamp", "When this delivery was sent, in seconds since 1970.", {"type": "string"}),
            _header(
                "webhook-signature",
                "`v1,` and an HMAC-SHA256 in Base64 of `id.timestamp.body`; one for each secret, separated by spaces.",
                {"type": "string"},
            ),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobEvent"}}},
        },
        "responses": {
            "2XX": {"description": "Received."},
            "409": {"description": "Not ready, or already received. Sent twice more."},
            "410": {"description": "Never send again."},
            "default": {"description": "Retried later."},
        },
    }


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}
