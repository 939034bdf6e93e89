"""CORS: the web pages that may call. In AWS, API Gateway answers preflight requests itself."""

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
    """Starlette's middleware. Its plain-text errors become problem documents in `RequestMiddleware`."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code >= 400:
            raise OriginRefused("The origin, the method or a header is not allowed.")
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=kept)
