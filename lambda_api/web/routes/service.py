"""Open routes for monitors and visitors: `/health` and `/`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from contract.operations import OPERATIONS
from lambda_api.web.routes.base import operation_id
from lambda_api.web.routes.pages import prefers_html, render_index
from lambda_api.web.validation.schemas import Health, Index

router = APIRouter(tags=["Service"], generate_unique_id_function=operation_id)


# Monitors send HEAD.
@router.head("/health", include_in_schema=False)
@router.get("/health")
async def get_health() -> Health:
    """Confirm that this service responds."""
    return Health(status="healthy")


@router.get("/", response_model=Index)
async def get_index(request: Request) -> Response | Index:
    """Describe the API: as JSON, or as a page for a browser."""
    base_path: str = request.scope["root_path"]
    version: str = request.app.version
    if prefers_html(request.headers.get("accept", "")):
        return render_index(version, base_path)
    return Index(
        service="api-gpu", version=version, docs=f"{base_path}/docs", operations=[o.path for o in OPERATIONS.values()]
    )
