"""The address, the key, the limits and the clocks that every flow needs."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode, urljoin, urlsplit

from api_gpu.core.effects import Request
from api_gpu.core.upload_cache import UploadCache
from api_gpu.errors import ApiGpuError


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """The settings of a client. `base_url` has no slash at its end."""

    base_url: str
    headers: Mapping[str, str]
    """Of requests to the API, with the key; storage never gets them."""
    max_retries: int = 3
    read_seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    random: Callable[[], float] = random.random
    new_key: Callable[[], str] = lambda: uuid.uuid4().hex
    uploads: UploadCache = field(default_factory=UploadCache)

    def __repr__(self) -> str:
        """Leave out the key."""
        return f"Context({self.base_url!r})"

    def url(self, path: str, params: Mapping[str, object] | None = None) -> str:
        """Return the URL of a route. Parameters that are None are left out."""
        known = {name: value for name, value in (params or {}).items() if value is not None}
        return f"{self.base_url}/{path.lstrip('/')}" + (f"?{urlencode(known, doseq=True)}" if known else "")

    def absolute(self, url: str) -> str:
        """Return a URL of an answer, which may be relative to the API."""
        return urljoin(self.base_url + "/", url)

    def storage(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Request:
        """Return a request to a signed URL: without the key."""
        return Request(method, self.absolute(url), headers or {})


def check_base_url(url: str | None) -> str:
    """Return the address of the API without a slash at its end. Raises ApiGpuError."""
    if not url or not url.strip():
        raise ApiGpuError("no address of the API: set API_GPU_URL, or pass base_url")
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise ApiGpuError("base_url has no valid host or port") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ApiGpuError("base_url must begin with https:// or http:// and name a host")
    if parts.query or parts.fragment or parts.username:
        raise ApiGpuError("base_url must have no user name, query or fragment")
    return url.strip().rstrip("/")


def check_api_key(key: str | None) -> str:
    """Return the API key. Raises ApiGpuError."""
    if not key or not key.strip():
        raise ApiGpuError("no API key: set API_GPU_KEY, or pass api_key")
    if not key.strip().isascii() or not key.strip().isprintable():
        raise ApiGpuError("the API key has characters that no key has; copy it again")
    return key.strip()
