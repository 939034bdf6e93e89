"""API Gateway (HTTP API, payload v2) → the FastAPI application."""

from __future__ import annotations

from typing import Any

from lambda_api.observability import instrumented
from lambda_api.web.app import create_app, event_handler
from lambda_api.wiring import services, settings

_asgi = event_handler(create_app(services(), settings()))


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Event and answer: API Gateway payload format 2.0."""
    return _asgi(event, context)
