"""One bounded HTTP exchange: no retries, no redirects, no proxies; time and bytes are capped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import urllib3

_CHUNK = 16 * 1024


class HttpRefused(Exception):
    """No connection was made, so nothing was received at the other end."""


class HttpLost(Exception):
    """The request went out and no complete answer came back in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def retry_after_ms(self) -> int:
        """`Retry-After` in seconds as milliseconds; 0 if absent or a date (RFC 9110 §10.2.3)."""
        value = self.headers.get("retry-after", "").strip()
        return int(value) * 1000 if value.isdigit() and len(value) < 8 else 0


def exchange(  # noqa: PLR0913 - one call, every bound named
    pool: urllib3.PoolManager | urllib3.HTTPConnectionPool,
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    body: bytes | None = None,
    connect: float,
    read: float,
    max_bytes: int,
) -> Answer:
    """Send one request and read at most `max_bytes` of the answer. Times in seconds.

    `read` bounds the whole answer, not only each packet. Raises HttpRefused or HttpLost.
    """
    deadline = time.monotonic() + connect + read
    try:
        response = pool.urlopen(
            method,
            url,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=connect, read=read),
        )
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise HttpRefused(type(error).__name__) from None
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise HttpLost(type(error).__name__) from None
    try:
        data = b""
        # read1 returns what is there; a read of a whole chunk would wait for a peer that drips.
        while chunk := response.read1(_CHUNK, decode_content=False):
            data += chunk
            if len(data) > max_bytes or time.monotonic() > deadline:
                raise HttpLost("answer too long" if len(data) > max_bytes else "answer too slow")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise HttpLost(type(error).__name__) from None
    finally:
        response.close()
    return Answer(response.status, data, {name.lower(): value for name, value in response.headers.items()})
