"""A client's receiver of callbacks: verifies each with the stock `standardwebhooks` library and keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from local.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Received:
    """One callback. `body` is None if it did not verify."""

    message_id: str
    verified: bool
    body: dict[str, Any] | None


class CallbackReceiver:
    """An HTTP application with one route, `POST /callback`: 204 for a callback that verifies, 401 for any other."""

    def __init__(self, secret: str) -> None:
        self.received: list[Received] = []
        self.notifier = Notifier()
        self.app = web.Application()
        self.app.router.add_post("/callback", self._receive)
        self._verifier = Webhook(secret)

    def verified_for(self, job_id: str) -> Received | None:
        """Return the first verified callback of a job."""
        return next((one for one in self.received if one.body is not None and one.body.get("job_id") == job_id), None)

    async def _receive(self, request: web.Request) -> web.Response:
        raw = (await request.read()).decode("utf-8", "replace")
        headers = {name.lower(): value for name, value in request.headers.items()}
        message_id = headers.get("webhook-id", "")
        try:
            self._verifier.verify(raw, headers)
            body = json.loads(raw)
        except (WebhookVerificationError, ValueError):
            self._store(Received(message_id, verified=False, body=None))
            return web.Response(status=401)
        self._store(Received(message_id, verified=True, body=_find_job(body)))
        return web.Response(status=204)

    def _store(self, one: Received) -> None:
        self.received.append(one)
        self.notifier.notify()


def _find_job(body: Any) -> dict[str, Any]:
    """Return the job of a callback: the whole body, or its `data` (Standard Webhooks' envelope)."""
    if isinstance(body, dict):
        inner = body.get("data")
        return inner if isinstance(inner, dict) else body
    return {}
