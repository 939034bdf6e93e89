"""API Gateway (HTTP API, payload v2) → the FastAPI application."""

from __future__ import annotations

import warnings
from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from mangum import Mangum

from lambda_api.observability import logger, metrics
from lambda_api.web.app import create_app
from lambda_api.wiring import services, settings

warnings.filterwarnings("ignore", message="No application metrics to publish")

_asgi = Mangum(create_app(services(), settings()), lifespan="off")


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Event and answer: API Gateway payload format 2.0."""
    return _asgi(event, context)
