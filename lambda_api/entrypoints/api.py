"""API Gateway (HTTP API, payload v2) → the FastAPI application."""

from __future__ import annotations

from typing import Any

from lambda_api.adapters import deadline
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability.metrics import instrument
from lambda_api.settings import EVERYTHING
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from lambda_api.wiring import after_restore, renew, services, settings

_RESERVE_SECONDS = 1.0
"""Left for the response: no outbound call lasts until the function's timeout."""

app = create_app(services(), settings(EVERYTHING).cors_allow_origins)
_respond = event_handler(app)


def _renew() -> None:
    renew()
    app.state.services = services()


after_restore(_renew)


@instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an event of API Gateway, payload format 2.0."""
    with deadline.within(context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS):
        return _respond(event, context)


freeze_gc_after_init()
