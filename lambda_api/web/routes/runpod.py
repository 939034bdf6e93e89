"""The state of the GPU endpoint at RunPod."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import ProviderError
from lambda_api.web.routes.base import keyed_router, services_of
from lambda_api.web.validation.schemas import ProviderHealth

router = keyed_router("RunPod")


@router.get("/runpod/health")
async def get_runpod_health(request: Request) -> ProviderHealth:
    """Read RunPod's queue and workers."""
    services = services_of(request)
    try:
        health = services.provider.health(services.endpoint_id)
    except ProviderError as error:
        raise _unavailable(error) from None
    return ProviderHealth(endpoint_id=services.endpoint_id, jobs=health["jobs"], workers=health["workers"])


@router.get("/runpod/config")
async def get_runpod_config(request: Request) -> dict[str, Any]:
    """Read the endpoint's settings at RunPod, without its environment."""
    services = services_of(request)
    try:
        return dict(services.provider.config(services.endpoint_id))
    except ProviderError as error:
        raise _unavailable(error) from None


def _unavailable(error: ProviderError) -> Unavailable:
    detail = "RunPod did not respond. Jobs are kept and run when it is back. Try again."
    return Unavailable(detail, retry_after=10, reason=f"RunPod: {error.reason}")
