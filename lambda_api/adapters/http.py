"""One bounded HTTP exchange: no retries, no redirects, no proxies; time and bytes are capped."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from lambda_api.adapters import deadline as budget
from lambda_api.adapters.connection_pool import Connection, Connections, Pool

__all__ = ["Answer", "Connections", "HttpLost", "HttpRefused", "HttpTooLong", "Pool", "exchange"]

_CHUNK = 64 * 1024


class HttpRefused(Exception):
    """No connection was made, so nothing was received at the other end."""


class HttpLost(Exception):
    """The request went out and no complete answer came back in time."""


class HttpTooLong(HttpLost):
    """The answer has more bytes than were asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def retry_after_ms(self) -> int:
        """`Retry-After`, seconds or a date (RFC 9110 §10.2.3), as milliseconds from now; 0 if absent or past."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return int(value) * 1000 if len(value) < 8 else 0
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0
        return max(0, int(seconds * 1000))

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object; None if it is not one, whatever else it is."""
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return told if isinstance(told, dict) else None


def exchange(  # noqa: PLR0913 - one call, every bound named
    pool: Pool,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    connect: float,
    read: float,
    max_bytes: int,
) -> Answer:
    """Send one request and read at most `max_bytes` of the answer. Times in seconds; `budget` may leave less.

    `read` bounds the whole answer, not only each packet. Raises HttpRefused or HttpLost.
    """
    connection = pool.take()
    try:
        if connection.sock is None:
            connection.timeout = min(connect, budget.left())
            connection.connect()
        read = min(read, budget.left())
        if read <= 0:
            raise TimeoutError
    except (OSError, ValueError) as error:
        connection.close()
        raise HttpRefused(type(error).__name__) from None
    kept = False
    try:
        connection.sock.settimeout(read)
        connection.deadline = time.monotonic() + read
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, target, body, {"User-Agent": "api-gpu", **headers})
        answer, kept = _answer(connection, max_bytes)
    except (HTTPException, OSError, ValueError) as error:
        raise HttpLost(type(error).__name__) from None
    finally:
        if kept:
            pool.keep(connection)
        else:
            connection.close()
    return answer


def _answer(connection: Connection, max_bytes: int) -> tuple[Answer, bool]:
    """The answer, and whether the connection can be used again."""
    with connection.getresponse() as response:
        data = _body(response, max_bytes)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, data, headers), not response.will_close


def _body(response: HTTPResponse, max_bytes: int) -> bytes:
    data = b""
    # read1 returns what is there; a read of a whole chunk would wait for a peer that drips.
    while chunk := response.read1(_CHUNK):
        data += chunk
        if len(data) > max_bytes:
            raise HttpTooLong("answer too long")
    if response.length:
        raise HttpLost("answer cut off")
    return data
