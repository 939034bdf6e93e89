"""The FastAPI application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from contract.operations import OPERATIONS
from lambda_api.settings import Settings
from lambda_api.usecases.services import Services
from lambda_api.web import errors, routes
from lambda_api.web.middleware import Guard
from lambda_api.web.schemas import Health, Index

VERSION = "0.1.0"
DESCRIPTION = "A picture, a narration and subtitles in; a finished video out."

public = APIRouter()


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
    app = FastAPI(title="api-gpu", version=VERSION, redoc_url=None, description=DESCRIPTION)
    app.state.services = services
    app.state.api_keys = settings.api_keys
    app.include_router(public)
    app.include_router(routes.router)
    errors.install(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["X-API-Key", "Content-Type", "Idempotency-Key", "Prefer"],
        expose_headers=["Location", "Retry-After", "X-Request-Id", "Idempotent-Replayed", "Preference-Applied"],
        max_age=600,
    )
    app.add_middleware(Guard, new_id=services.new_id)
    return app


def event_handler(app: FastAPI) -> Mangum:
    """The application as a Lambda handler. Problems are text: they need no base64 on their way out."""
    return Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"])
