"""The FastAPI application."""

from __future__ import annotations

from fastapi import FastAPI

from contract.limits import KIB, MAX_BODY_BYTES
from lambda_api.usecases.services import Services
from lambda_api.web import errors
from lambda_api.web.cors import ALLOWED_HEADERS, EXPOSED_HEADERS, Cors
from lambda_api.web.middleware import RequestMiddleware
from lambda_api.web.openapi.document import DocumentedApi
from lambda_api.web.routes import ROUTES

VERSION = "0.2.0"
DESCRIPTION = f"""A picture, a narration and subtitles in; a finished video out.

Send your key in `X-API-Key` and an uncompressed JSON body with `Content-Type: application/json`, at most
{MAX_BODY_BYTES // KIB} KiB. If a field is repeated, the last value wins; numbers may be sent as text. A field, a query
parameter or a header that is null or blank counts as not sent. A submit returns a job at once: poll it at its
`Location`, or send a `webhook_url`. A refusal is a problem (RFC 9457) with a stable `code`; `detail` explains what
to change. It never repeats the values that were sent.
"""


def create_app(services: Services, cors_origins: tuple[str, ...]) -> FastAPI:
    """Create the application with its services. Without lifespan: Mangum would run it at every invocation."""
    app = create_documented_app()
    app.state.services = services
    errors.install(app)
    app.add_middleware(
        Cors,
        allow_origins=list(cors_origins),
        allow_methods=["GET", "POST", "PUT", "DELETE", "HEAD"],
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )
    app.add_middleware(RequestMiddleware, new_id=services.new_id)
    return app


def create_documented_app() -> FastAPI:
    """Create an application of the routes alone: all that the document at /openapi.json describes."""
    return DocumentedApi(
        title="api-gpu",
        version=VERSION,
        summary="Turns pictures, sound and subtitles into finished videos.",
        description=DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/", "description": "The host that serves this document."}],
        docs_url=None,
        redoc_url=None,
        # A redirect would repeat the host that the request names.
        redirect_slashes=False,
        # We use Powertools for logs and metrics. FastAPI's would contain error texts.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        routes=ROUTES,
    )
