"""Structured logs through Powertools. No Tracer: its SDK doubles a cold start."""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from lambda_api.domain.errors import ApiError, Unavailable
from lambda_api.observability.redaction import redact

_encode = json.JSONEncoder(default=str).encode


def _render(record: dict[str, Any]) -> str:
    return redact(_encode(record))


SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or "api-gpu"
# Messages are plain text; skip Powertools' JSON parse.
logger = Logger(service=SERVICE, json_serializer=_render, json_deserializer=str)


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Return an unexpected error's type and where it was raised, without its text, which may quote the request."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {"error": type(error).__name__, "at": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]}


def log_unavailable(error: ApiError, request_id: str) -> None:
    """Log an error that the operator can fix. A client's mistakes are reported only to the client."""
    if isinstance(error, Unavailable) and error.reason is not None:
        logger.warning("unavailable", extra={"request_id": request_id, "reason": error.reason})
