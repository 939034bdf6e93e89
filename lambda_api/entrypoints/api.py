"""API Gateway (HTTP API, payload v2) → the FastAPI application."""

from __future__ import annotations

from typing import Any

from lambda_api.adapters import deadline
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability import instrumented
from lambda_api.settings import EVERYTHING
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from lambda_api.wiring import after_restore, renew, services, settings

_ANSWERING_SECONDS = 1.0
"""Of the function's time: none of its calls goes on until then."""

_app = create_app(services(), settings(EVERYTHING).cors_origins)
_answer = event_handler(_app)


def _renewed() -> None:
    renew()
    _app.state.services = services()


after_restore(_renewed)


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Event and answer: API Gateway payload format 2.0."""
    with deadline.within(context.get_remaining_time_in_millis() / 1000 - _ANSWERING_SECONDS):
        return _answer(event, context)


freeze_gc_after_init()
