"""Common parts of the routes that require an API key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from lambda_api.domain.views.job_schema import JobView, LinksView
from lambda_api.usecases.services import Services
from lambda_api.web.auth import KeyedRoute
from lambda_api.web.media_type import JsonRoute

PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
"""By reference: FastAPI would compile a new model for each status of each route, at every start."""


class _Route(KeyedRoute, JsonRoute):
    """A route that checks the key first, then the media type of the body."""


def keyed_router(tag: str) -> APIRouter:
    """Make a router whose routes require a key."""
    return APIRouter(
        tags=[tag],
        route_class=_Route,
        responses=problem_responses(401, 422, 503),
        generate_unique_id_function=operation_id,
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare problem documents as the responses with these statuses."""
    return dict.fromkeys(statuses, PROBLEM)


def operation_id(route: APIRoute) -> str:
    """Return the route's `operationId` in the OpenAPI document."""
    return route.name


def services_of(request: Request) -> Services:
    """Return the application's services."""
    services: Services = request.app.state.services
    return services


def with_base_path(request: Request, job: JobView) -> JobView:
    """Prefix the job's links with the base path of the request, so that they resolve for its sender."""
    base: str = request.scope["root_path"]
    links = {name: link and base + link for name, link in job.links.model_dump().items()}
    return job.model_copy(update={"links": LinksView(**links)}) if base else job
