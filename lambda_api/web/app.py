"""The FastAPI application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request, Response

from contract.limits import KIB, MAX_BODY_BYTES
from contract.operations import OPERATIONS
from lambda_api.settings import Settings
from lambda_api.usecases.services import Services
from lambda_api.web import errors, pages, routes
from lambda_api.web.cors import ALLOWED_HEADERS, EXPOSED_HEADERS, Cors
from lambda_api.web.middleware import Guard
from lambda_api.web.openapi import TAGS, Api
from lambda_api.web.schemas import Health, Index

VERSION = "0.2.0"
DESCRIPTION = f"""A picture, a narration and subtitles in; a finished video out.

Send your key in `X-API-Key` and an uncompressed JSON body with `Content-Type: application/json`, at most
{MAX_BODY_BYTES // KIB} KiB. If a field is repeated, the last value wins; numbers may be sent as text. A field, a query
parameter or a header that is null or blank counts as not sent. A submit returns a job at once: poll it at its
`Location`, or send a `webhook_url`. A refusal is a problem (RFC 9457) with a stable `code`; `detail` says in words what
to change. It never repeats the values that were sent.
"""

public = APIRouter(tags=["Service"], generate_unique_id_function=routes.operation_id)


# Monitors ask for the head alone.
@public.head("/health", include_in_schema=False)
@public.get("/health")
async def health() -> Health:
    """This service answers."""
    return Health(status="healthy")


@public.get("/", response_model=Index)
async def index(request: Request) -> Response | Index:
    """Describe the API: as JSON, or as a page for a browser."""
    base_path: str = request.scope["root_path"]
    if pages.wants_page(request.headers.get("accept", "")):
        return pages.index_page(VERSION, base_path)
    return Index(
        service="api-gpu", version=VERSION, docs=f"{base_path}/docs", operations=[o.path for o in OPERATIONS.values()]
    )


def create_app(services: Services, settings: Settings) -> FastAPI:
    """The application around its services. Without lifespan: Mangum would run it at every invocation."""
    app = described()
    app.state.services = services
    errors.install(app)
    app.add_middleware(
        Cors,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )
    app.add_middleware(Guard, new_id=services.new_id)
    return app


def described() -> FastAPI:
    """The routes alone: all that the document at /openapi.json is about."""
    return Api(
        title="api-gpu",
        version=VERSION,
        summary="Turns pictures, sound and subtitles into finished videos.",
        description=DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/", "description": "The host that serves this document."}],
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        # A redirect would name whatever host the request named.
        redirect_slashes=False,
        # Ours are Powertools' logs and metrics. FastAPI's would hold the texts of errors.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # Not included: FastAPI makes the routes of an included router a second time, at the first request.
        routes=[*public.routes, *pages.router.routes, *routes.router.routes],
    )
