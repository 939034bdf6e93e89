"""The FastAPI application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from contract.limits import KIB, MAX_BODY_BYTES
from contract.operations import OPERATIONS
from lambda_api.settings import Settings
from lambda_api.usecases.services import Services
from lambda_api.web import errors, routes
from lambda_api.web.cors import ALLOWED_HEADERS, EXPOSED_HEADERS, Cors
from lambda_api.web.middleware import Guard
from lambda_api.web.openapi import Api
from lambda_api.web.schemas import Health, Index

VERSION = "0.1.0"
DESCRIPTION = f"""A picture, a narration and subtitles in; a finished video out.

Send your key in `X-API-Key`, and a body as it is: JSON, with `Content-Type: application/json`, at most
{MAX_BODY_BYTES // KIB} KiB. Of a field given twice the last one counts; numbers may be text. A submit is answered at
once with a job: ask how it is at its `Location`, or be told at a `webhook_url`. A refusal is a problem (RFC 9457) with
a `code` that stays the same; it never repeats what was sent.
"""

public = APIRouter(generate_unique_id_function=routes.operation_id)


# Monitors ask for the head alone.
@public.head("/health", include_in_schema=False)
@public.get("/health")
async def health() -> Health:
    """This service answers."""
    return Health(status="healthy")


@public.get("/")
async def index() -> Index:
    """What is here."""
    return Index(service="api-gpu", version=VERSION, docs="/docs", operations=[o.path for o in OPERATIONS])


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
        description=DESCRIPTION,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # A redirect would name whatever host the request named.
        redirect_slashes=False,
        # Ours are Powertools' logs and metrics. FastAPI's would hold the texts of errors.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # Not included: FastAPI makes the routes of an included router a second time, at the first request.
        routes=[*public.routes, *routes.router.routes],
    )
