"""Which web pages may call. In AWS, API Gateway answers preflights before they come here."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from lambda_api.domain.errors import ApiError

ALLOWED_HEADERS = ("X-API-Key", "Content-Type", "Idempotency-Key", "Prefer")
EXPOSED_HEADERS = (
    "Location", "Retry-After", "X-Request-Id", "Idempotent-Replayed", "Preference-Applied", "RateLimit",
    "RateLimit-Policy",
)  # fmt: skip


class OriginRefused(ApiError):
    status = 403
    code = "origin_refused"
    title = "This web page may not call the API"


class Cors(CORSMiddleware):
    """Starlette's, without its answers in plain text. `Guard` makes a problem of what is raised here."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code >= 400:
            raise OriginRefused("The origin, the method or a header is not among those allowed.")
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=kept)
