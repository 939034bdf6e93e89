"""Refusals as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from typing import Any

from lambda_api.domain.errors import ApiError


def problem_document(error: ApiError, request_id: str) -> dict[str, Any]:
    """Return the problem's members. Extension members never replace the standard ones."""
    return {
        **error.extra,
        "type": f"urn:api-gpu:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        "errors": [{"field": field, "message": message} for field, message in error.errors],
    }
