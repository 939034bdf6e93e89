"""Looks at inputs without downloading them: HEAD, or the first 64 KiB.

The addresses of every hop are resolved and classified here, and the connection goes to one of exactly those, as for
callbacks: no proxy, no DNS rebinding between check and connect.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace

from contract.errors import Code
from contract.errors.downloads import Reason
from contract.limits import KIB
from contract.urls import Target, UrlError, check_target, parse_url, resolve_redirect
from lambda_api.adapters import deadline
from lambda_api.adapters.dns import ForbiddenAddressError, resolve_allowed
from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, Response, ResponseError
from lambda_api.domain.inputs import Answer, NoAnswer

HEAD_BYTES = 64 * KIB
BOUNDS = Bounds(connect=3.0, read=4.0, max_bytes=HEAD_BYTES, truncate=True)
ALL_SECONDS = 12.0
"""For all inputs of a request together: the client waits, and API Gateway does so for 30 s."""
THREADS = 8
MAX_REDIRECTS = 20
"""As the worker: links of podcasts pass more than five servers. Their time is bounded, too."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_INDEX_BYTES = 4 * KIB
_PART, _RANGE_REFUSED = 206, 416
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "api-gpu-worker/1"}
"""Those of the worker: a host that refuses them refuses its download, too."""


class HttpInputReader:
    """`domain.inputs.InputReader`. `seconds`: for all URLs of a call. `tls`: see `HttpClient`.

    `find_index`: called with a file's first bytes and its size; returns where to read a few more, or None.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool,
        find_index: Callable[[bytes, int], int | None],
        bounds: Bounds = BOUNDS,
        seconds: float = ALL_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._find_index = find_index
        self._bounds = bounds
        self._seconds = seconds
        self._http = HttpClient(tls=tls)

    def read(self, urls: Mapping[str, bool]) -> Mapping[str, Answer | NoAnswer | None]:
        with deadline.within(self._seconds), ThreadPoolExecutor(THREADS) as threads:
            # A thread starts without the deadline, which is a context variable.
            found = {
                url: threads.submit(copy_context().run, self._read, url, with_bytes) for url, with_bytes in urls.items()
            }
            return {url: future.result() for url, future in found.items()}

    def _read(self, url: str, with_bytes: bool) -> Answer | NoAnswer | None:
        if deadline.left() <= 0:
            return None
        with deadline.within(self._bounds.connect + self._bounds.read):
            if not with_bytes:
                answer = self._follow("HEAD", url, {})
                if _is_conclusive(answer):
                    return answer
            answer = self._follow("GET", url, _range(0, self._bounds.max_bytes))
            if isinstance(answer, NoAnswer):
                return answer
            if answer.status == _RANGE_REFUSED:
                return self._follow("GET", url, {})
            return self._with_index(url, answer) if with_bytes and answer.status == _PART else answer

    def _with_index(self, url: str, answer: Answer) -> Answer:
        at = self._find_index(answer.head, answer.size_bytes or 0)
        found = None if at is None else self._follow("GET", url, _range(at, _INDEX_BYTES))
        is_there = isinstance(found, Answer) and found.status == _PART and found.size_bytes == answer.size_bytes
        return replace(answer, index=found.head) if isinstance(found, Answer) and is_there else answer

    def _follow(self, method: str, url: str, headers: Mapping[str, str]) -> Answer | NoAnswer:
        location, base = url, ""
        for hop in range(MAX_REDIRECTS + 1):
            try:
                target = parse_url(resolve_redirect(base, location) if hop else location)
                check_target(target, allow_loopback=self._allow_loopback)
            except UrlError:
                return NoAnswer(Code.SOURCE_FORBIDDEN, Reason.REFUSED_REDIRECT if hop else "")
            response = self._exchange(method, target, headers, is_redirected=hop > 0)
            if isinstance(response, NoAnswer):
                return response
            location, base = response.headers.get("location", ""), target.url
            if response.status not in _REDIRECTS or not location:
                return _answer(method, target, response)
        return NoAnswer(Code.SOURCE_UNREACHABLE, Reason.TOO_MANY_REDIRECTS)

    def _exchange(
        self, method: str, target: Target, headers: Mapping[str, str], *, is_redirected: bool
    ) -> Response | NoAnswer:
        until = time.monotonic() + min(self._bounds.connect, deadline.left())
        try:
            addresses = resolve_allowed(
                target.host, target.port, until - time.monotonic(), allow_loopback=self._allow_loopback
            )
        except OSError as error:
            return NoAnswer(Code.SOURCE_UNREACHABLE, _dns_reason(error))
        except ForbiddenAddressError:
            return NoAnswer(Code.SOURCE_FORBIDDEN, Reason.REFUSED_REDIRECT if is_redirected else "")
        # HEAD gets half the time: if it is not answered, GET may be.
        read = self._bounds.read / 2 if method == "HEAD" else self._bounds.read
        bounds = replace(self._bounds, connect=until - time.monotonic(), read=read)
        try:
            return self._http.send(method, target.url, bounds, headers={**_HEADERS, **headers}, addresses=addresses)
        except ConnectError as error:
            return _not_connected(str(error))
        except ResponseError as error:
            if "Timeout" in str(error):
                return NoAnswer(Code.SOURCE_TIMEOUT, Reason.NO_ANSWER)
            return NoAnswer(Code.SOURCE_UNREACHABLE, Reason.CONNECTION_LOST)


def _range(start: int, length: int) -> dict[str, str]:
    return {"Range": f"bytes={start}-{start + length - 1}"}


def _is_conclusive(answer: Answer | NoAnswer) -> bool:
    """Return True if GET would tell no more. Some hosts refuse HEAD, and presigned URLs are signed for one method."""
    if isinstance(answer, NoAnswer):
        return answer.reason not in {Reason.NO_ANSWER, Reason.CONNECTION_LOST}
    # Many servers send text/html for files of unknown type: only the bytes tell.
    return answer.status == 200 and bool(answer.size_bytes) and answer.content_type not in {None, "text/html"}


def _answer(method: str, target: Target, response: Response) -> Answer:
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(
        status=response.status,
        host=target.host,
        content_type=content_type or None,
        size_bytes=_size(response),
        head=b"" if method == "HEAD" else response.body,
    )


def _size(response: Response) -> int | None:
    """Return the size of the whole file: after the slash of `Content-Range` (RFC 9110 §14.4), or `Content-Length`."""
    part = response.status in {_PART, _RANGE_REFUSED}
    text = response.headers.get("content-range", "").rpartition("/")[2] if part else None
    if text is None and "content-encoding" not in response.headers:
        text = response.headers.get("content-length", "")
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _dns_reason(error: OSError) -> str:
    """Tell a name that does not exist from a resolver that does not work."""
    names = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
    return Reason.NO_SUCH_HOST if error.errno in names else Reason.LOOKUP_FAILED


def _not_connected(kind: str) -> NoAnswer:
    """`kind`: the name of the error's type."""
    if "Timeout" in kind or "timeout" in kind:
        return NoAnswer(Code.SOURCE_TIMEOUT, Reason.CONNECT_TIMEOUT)
    if kind == "ConnectionRefusedError":
        return NoAnswer(Code.SOURCE_UNREACHABLE, Reason.CONNECTION_REFUSED)
    if "Cert" in kind:
        return NoAnswer(Code.SOURCE_UNREACHABLE, Reason.CERTIFICATE)
    if "SSL" in kind:
        return NoAnswer(Code.SOURCE_UNREACHABLE, Reason.NO_TLS)
    return NoAnswer(Code.SOURCE_UNREACHABLE)
