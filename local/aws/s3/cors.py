"""The bucket's CORS rule, as in template.yaml; a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from local.aws.s3.errors import S3Error

METHODS = ("GET", "HEAD", "PUT")
ALLOWED_HEADERS = ("content-type", "if-none-match", "range", "x-amz-*")
EXPOSED_HEADERS = ("ETag", "Content-Range")
MAX_AGE = 600


def preflight(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the response to a preflight request. Raises AccessForbidden."""
    method = headers.get("access-control-request-method", "")
    names = [name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")]
    allowed = all(any(fnmatchcase(name, rule) for rule in ALLOWED_HEADERS) for name in names if name)
    if "origin" not in headers or method not in METHODS or not allowed:
        raise S3Error("AccessForbidden")
    return response_headers("*", method) | {
        "Access-Control-Allow-Headers": ", ".join(name for name in names if name),
        "Access-Control-Max-Age": str(MAX_AGE),
    }


def response_headers(origin: str | None, method: str) -> dict[str, str]:
    """Return the headers that let a page read a response."""
    if origin is None or method not in METHODS:
        return {}
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": ", ".join(METHODS),
        "Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
