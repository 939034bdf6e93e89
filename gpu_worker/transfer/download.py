"""Downloading one input from a stranger's URL into one file, within bounds of place, size and time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from contract.download_errors import Reason
from contract.errors import Code
from contract.limits import KIB, Limits
from contract.operations import Input, Role
from contract.urls import UrlError, check_target, parse_url, redirected
from gpu_worker.errors import JobFailed, in_megabytes, job_failed
from gpu_worker.transfer.content_encoding import BodyCutError, BodyError, BodyTooLargeError, decoded
from gpu_worker.transfer.cookies import DownloadCookies
from gpu_worker.transfer.download_errors import TemporaryError, connection_error
from gpu_worker.transfer.resolver import ForbiddenAddress, GuardedResolver
from gpu_worker.transfer.responses import REDIRECTS, encodings_of, has_file, location_of, seconds_asked
from gpu_worker.transfer.retries import Retries
from gpu_worker.transfer.web_pages import SNIFFED_BYTES, looks_like_html, site_of

MAX_REDIRECTS = 20
"""As browsers (Fetch standard §4.4): links that are counted on their way to a podcast take more than five."""
CONNECT_SECONDS = 10.0
STALL_SECONDS = 30.0
"""Without a byte in the middle of a body. The first may take as long as the download: some URLs make their file."""
_USER_AGENT = "api-gpu-worker/1"


def open_session(*, allow_loopback: bool, contact: str | None = None) -> aiohttp.ClientSession:
    """A session for untrusted URLs: guarded names, no proxy, no shared cookies, nothing decompressed unseen.

    `contact`: a URL or an address of mail, for operators of the servers.
    """
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(allow_loopback=allow_loopback), use_dns_cache=False, force_close=True
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers={
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": f"{_USER_AGENT} (+{contact})" if contact else _USER_AGENT,
        },
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        max_line_size=64 * KIB,
        max_field_size=64 * KIB,
        max_headers=512,
    )


@dataclass(slots=True)
class _Download:
    """The state of one download."""

    given: Input
    path: Path
    retries: Retries
    cookies: DownloadCookies = field(default_factory=DownloadCookies)
    is_redirected: bool = False
    has_answer: bool = False


class Fetcher:
    """Downloads inputs with one session. `ends`: when the job's time is up, by the monotonic clock."""

    def __init__(
        self, session: aiohttp.ClientSession, limits: Limits, *, allow_loopback: bool, ends: float = math.inf
    ) -> None:
        self._session = session
        self._limits = limits
        self._allow_loopback = allow_loopback
        self._ends = ends

    async def fetch(self, given: Input, path: Path) -> int:
        """Write the input to `path` and return its size in bytes. Raises JobFailed naming its field.

        Temporary problems are tried again, all within `limits.fetch_seconds`.
        """
        ends = min(self._ends, time.monotonic() + self._limits.fetch_seconds)
        download = _Download(given, path, Retries(ends))
        try:
            async with asyncio.timeout(self._limits.fetch_seconds):
                return await self._try(download)
        except TimeoutError:
            reason = Reason.TOO_SLOW if download.has_answer else Reason.NO_ANSWER
            raise job_failed(Code.SOURCE_TIMEOUT, field=given.field, reason=reason) from None

    async def _try(self, download: _Download) -> int:
        while True:
            try:
                return await self._once(download)
            except TemporaryError as problem:
                pause = download.retries.next_pause(problem.retry_after)
                if pause is None:
                    raise problem.failure from None
            await asyncio.sleep(pause)

    async def _once(self, download: _Download) -> int:
        given = download.given
        try:
            return await self._follow(download)
        except ForbiddenAddress:
            raise job_failed(Code.SOURCE_FORBIDDEN, field=given.field) from None
        except UrlError:
            reason = {"reason": Reason.REFUSED_REDIRECT} if download.is_redirected else {}
            raise job_failed(Code.SOURCE_FORBIDDEN, field=given.field, **reason) from None
        except BodyTooLargeError:
            raise self._too_large(given) from None
        except BodyError as error:
            raise job_failed(Code.MEDIA_UNSUPPORTED, field=given.field, format=f"{error} encoding") from None
        except BodyCutError:
            raise TemporaryError(
                job_failed(Code.SOURCE_UNREACHABLE, field=given.field, reason=Reason.CONNECTION_LOST)
            ) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise connection_error(error, given.field) from None

    async def _follow(self, download: _Download) -> int:
        location = download.given.url
        base = ""
        for hop in range(MAX_REDIRECTS + 1):
            download.is_redirected, download.has_answer = hop > 0, False
            target = parse_url(redirected(base, location) if hop else location)
            check_target(target, allow_loopback=self._allow_loopback)
            # Already normalised: encoded=True keeps a signature in the query exactly as it was signed.
            url = URL(target.url, encoded=True)
            async with self._session.get(url, allow_redirects=False, headers=download.cookies.headers(url)) as response:
                download.has_answer = True
                download.cookies.keep(response)
                location, base = location_of(response.headers), target.url
                if response.status not in REDIRECTS or not location:
                    return await self._store(response, download)
        raise job_failed(Code.SOURCE_UNREACHABLE, field=download.given.field, reason=Reason.TOO_MANY_REDIRECTS)

    async def _store(self, response: aiohttp.ClientResponse, download: _Download) -> int:
        given = download.given
        if not has_file(response):
            failure = job_failed(Code.SOURCE_HTTP, field=given.field, http_status=str(response.status))
            raise TemporaryError(failure, seconds_asked(response.headers)) if failure.failure.retryable else failure
        most = self._limits.max_bytes(given.role)
        if (response.content_length or 0) > most:
            raise self._too_large(given)
        body = decoded(_without_stalls(response.content.iter_chunked(256 * KIB)), encodings_of(response.headers), most)
        site = site_of(parse_url(given.url).host, response.url.raw_host or "")
        is_html = job_failed(Code.SOURCE_IS_HTML, field=given.field, **({"reason": site} if site else {}))
        size = await _write(body, download.path, response.content_type, is_html)
        if size == 0:
            empty = Code.SUBTITLES_EMPTY if given.role is Role.SUBTITLES else Code.SOURCE_EMPTY
            raise job_failed(empty, field=given.field)
        return size

    def _too_large(self, given: Input) -> JobFailed:
        return job_failed(
            Code.SOURCE_TOO_LARGE, field=given.field, limit=in_megabytes(self._limits.max_bytes(given.role))
        )


async def _without_stalls(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass the chunks on. Raises TimeoutError if none comes for a while after the first."""
    chunk = await anext(chunks, b"")
    while chunk:
        yield chunk
        async with asyncio.timeout(STALL_SECONDS):
            chunk = await anext(chunks, b"")


async def _write(body: AsyncIterator[bytes], path: Path, content_type: str, is_html: JobFailed) -> int:
    size = 0
    head = b""
    try:
        with path.open("wb") as file:
            async for chunk in body:
                if len(head) < SNIFFED_BYTES:
                    head = (head + chunk)[:SNIFFED_BYTES]
                    if looks_like_html(head, content_type):
                        raise is_html
                size += len(chunk)
                file.write(chunk)
    except OSError as error:
        if isinstance(error, (aiohttp.ClientError, TimeoutError)):
            raise
        raise job_failed(Code.RESOURCES) from None
    return size
