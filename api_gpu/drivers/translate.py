"""Parts that both drivers share: the HTTP library's options, answers and errors in our terms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from api_gpu.core.effects import Request, Response
from api_gpu.errors import APIConnectionError, ApiGpuError, APITimeoutError
from api_gpu.logs import logger, shown_url
from api_gpu.version import user_agent

CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
MAX_ERROR_BYTES = 64 * 1024


def timeout_of(request: Request, read_seconds: float) -> httpx2.Timeout:
    """Return the limits for connecting, and for each read and write; there is none for the whole."""
    return httpx2.Timeout(request.read_seconds or read_seconds, connect=CONNECT_SECONDS)


def headers_of(request: Request) -> dict[str, str]:
    """Return the headers to send."""
    return {"User-Agent": user_agent(), **request.headers}


class Exchange:
    """One request, and the status of its answer, if there is one."""

    status: int | None = None

    def answer(self, response: httpx2.Response, body: bytes) -> Response:
        """Return an answer in our terms."""
        self.status = response.status_code
        return Response(response.status_code, {name.lower(): text for name, text in response.headers.items()}, body)


@contextmanager
def translated(request: Request) -> Iterator[Exchange]:
    """Log a request, and raise the HTTP library's errors as ours."""
    began = time.monotonic()
    where, seen = shown_url(request.url), Exchange()
    try:
        yield seen
    except httpx2.TimeoutException as error:
        raise APITimeoutError(f"{where} did not answer in time ({type(error).__name__})") from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError) as error:
        raise ApiGpuError(f"{where} cannot be requested ({type(error).__name__})") from error
    except httpx2.TransportError as error:
        raise APIConnectionError(f"no answer from {where} ({type(error).__name__}: {error})") from error
    finally:
        outcome = seen.status or "no answer"
        logger.info("%s %s: %s, %.2f s", request.method, where, outcome, time.monotonic() - began)
