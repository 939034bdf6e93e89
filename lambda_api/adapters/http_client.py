"""One bounded HTTP exchange over urllib3: no retries, no redirects, no proxies; time and bytes are capped."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from lambda_api.adapters import deadline
from lambda_api.adapters.dns import resolve
from lambda_api.adapters.http_pool import ConnectError, open_pool

__all__ = ["Bounds", "ConnectError", "HttpClient", "Response", "ResponseError"]

_CHUNK = 64 * 1024


class ResponseError(Exception):
    """The request was sent, and no complete response of acceptable size came back in time."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def retry_after_ms(self) -> int:
        """Return `Retry-After`, seconds or a date (RFC 9110 §10.2.3), as milliseconds from now; 0 if absent or past."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return int(value) * 1000 if len(value) < 8 else 0
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0
        return max(0, int(seconds * 1000))

    def json_object(self) -> dict[str, Any] | None:
        """Return the body as a JSON object; None if it is anything else."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Seconds to find the host, connect and shake hands; seconds for the whole response; bytes of its body.

    The invocation's deadline (`adapters.deadline`) may leave less time.
    """

    connect: float
    read: float
    max_bytes: int
    truncate: bool = False
    """True if the start of a body is enough: its first `max_bytes`, or the bytes that arrived in time."""


class HttpClient:
    """HTTP/1.1 over connections that are kept open for up to `idle_seconds`; 0 closes each after its response.

    A frozen function does not notice that its peer hung up. So the wall clock measures idleness: it includes the time
    frozen, or stored as a snapshot. `tls` is by default the system's certificate authorities. Thread-safe.
    """

    def __init__(self, idle_seconds: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self._idle_seconds = idle_seconds
        self._tls = tls
        self._kept: dict[str, tuple[urllib3.HTTPConnectionPool, float]] = {}
        """Pool and time of its last use, by origin."""

    def send(
        self,
        method: str,
        url: str,
        bounds: Bounds,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        addresses: Iterable[str] | None = None,
    ) -> Response:
        """Send one request and return its response. `addresses`: where to connect to, instead of asking DNS.

        The addresses share the time to connect; a request that one of them received is not sent to the next. Raises
        ConnectError or ResponseError, whose texts name the type of the failure and quote nothing.
        """
        request = _Request(method, urlsplit(url), headers, body)
        until = time.monotonic() + min(bounds.connect, deadline.left())
        kept = self._take(request.origin)
        if kept is not None:
            try:
                return self._exchange(kept, request, bounds, until)
            except ConnectError:
                # The address may have changed.
                pass
        left = list(addresses or _resolve(request.parts, until))
        while True:
            now = time.monotonic()
            pool = open_pool(request.parts, left[0], self._tls)
            try:
                return self._exchange(pool, request, bounds, now + (until - now) / len(left))
            except ConnectError:
                if len(left) == 1:
                    raise
            left.pop(0)

    def _take(self, origin: str) -> urllib3.HTTPConnectionPool | None:
        """Return the pool of this origin unless it was idle for too long."""
        pool, used_at = self._kept.get(origin, (None, 0.0))
        return pool if abs(time.time() - used_at) <= self._idle_seconds else None

    def _exchange(self, pool: urllib3.HTTPConnectionPool, request: _Request, bounds: Bounds, until: float) -> Response:
        connect = until - time.monotonic()
        if connect <= 0 or deadline.left() <= 0:
            raise ConnectError("TimeoutError")
        response = None
        try:
            response = pool.urlopen(
                request.method,
                request.target,
                body=request.body,
                headers={"Host": request.host, "User-Agent": "api-gpu", **request.headers},
                timeout=urllib3.Timeout(connect=connect, read=bounds.read),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )
            whole = Response(response.status, _read(response, bounds), _lower(response.headers))
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            raise ResponseError(type(error).__name__) from None
        finally:
            if response is not None:
                # A no-op after a whole response: its connection went back to the pool.
                response.close()
        if self._idle_seconds and not bounds.truncate:
            self._kept[request.origin] = pool, time.time()
        else:
            pool.close()
        return whole


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    parts: SplitResult
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def origin(self) -> str:
        return f"{self.parts.scheme}://{self.parts.netloc}"

    @property
    def target(self) -> str:
        path = self.parts.path or "/"
        return f"{path}?{self.parts.query}" if self.parts.query else path

    @property
    def host(self) -> str:
        """The `Host` header, without the default port: a signature may cover it."""
        return self.parts.netloc.removesuffix(":443" if self.parts.scheme == "https" else ":80")


def _read(response: urllib3.BaseHTTPResponse, bounds: Bounds) -> bytes:
    data = b""
    try:
        # read1 returns what is there; read would wait for a whole chunk from a peer that drips.
        while chunk := response.read1(_CHUNK):
            data += chunk
            if len(data) >= bounds.max_bytes and bounds.truncate:
                return data[: bounds.max_bytes]
            if len(data) > bounds.max_bytes:
                raise ResponseError("response too long")
    except (HTTPError, http.client.HTTPException, OSError):
        if not bounds.truncate:
            raise
    return data


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _resolve(parts: SplitResult, until: float) -> list[str]:
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return resolve(parts.hostname or "", port, until - time.monotonic())
    except (OSError, ValueError) as error:
        raise ConnectError(type(error).__name__) from None
