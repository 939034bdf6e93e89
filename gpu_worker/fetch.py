"""Downloading one input from a stranger's URL into one file, within bounds of place, size and time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import aiohttp
from yarl import URL

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Input, Role
from contract.urls import UrlError, check_target, parse_url, redirected
from gpu_worker.bodies import BodyError, decoded
from gpu_worker.errors import JobFailed, failed, in_megabytes
from gpu_worker.guard import ForbiddenAddress, GuardedResolver

MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
STALL_SECONDS = 30.0
ATTEMPTS = 3
PAUSE_SECONDS = 0.7
"""Before the second attempt, on average; before each other twice as long as before the last."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({429, 500, 502, 503, 504})
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "api-gpu-worker/1"}
_SNIFFED = 1024
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--", b"<title", b"<meta")


class _Passing(Exception):
    """A trouble that may be gone in a second; `failure` is what it is called if it is not."""

    def __init__(self, failure: JobFailed) -> None:
        super().__init__(str(failure))
        self.failure = failure


def open_session(*, allow_loopback: bool) -> aiohttp.ClientSession:
    """A session for untrusted URLs: guarded names, no proxy, no cookies, nothing decompressed behind our back."""
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(allow_loopback=allow_loopback), use_dns_cache=False, force_close=True
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers=_HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=STALL_SECONDS),
    )


class Fetcher:
    """Downloads inputs with one session. `stall_seconds` without a byte end an attempt."""

    def __init__(self, session: aiohttp.ClientSession, limits: Limits, *, allow_loopback: bool) -> None:
        self._session = session
        self._limits = limits
        self._allow_loopback = allow_loopback

    async def fetch(self, given: Input, path: Path) -> int:
        """Write the input to `path` and return its size in bytes. Raises JobFailed naming its field.

        Passing troubles are tried again, all within `limits.fetch_seconds`.
        """
        try:
            async with asyncio.timeout(self._limits.fetch_seconds):
                return await self._try(given, path)
        except TimeoutError:
            raise failed(Code.SOURCE_TIMEOUT, field=given.field) from None

    async def _try(self, given: Input, path: Path) -> int:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(given, path)
            except _Passing as trouble:
                if attempt == ATTEMPTS:
                    raise trouble.failure from None
            jitter = random.uniform(0.6, 1.4)  # noqa: S311 - spreads load, guards nothing
            await asyncio.sleep(PAUSE_SECONDS * jitter * 2 ** (attempt - 1))
        raise failed(Code.SOURCE_UNREACHABLE, field=given.field)

    async def _once(self, given: Input, path: Path) -> int:
        field = given.field
        try:
            return await self._follow(given, path)
        except (ForbiddenAddress, UrlError):
            raise failed(Code.SOURCE_FORBIDDEN, field=field) from None
        except BodyError as error:
            raise failed(Code.MEDIA_UNSUPPORTED, field=field, format=f"{error} encoding") from None
        except TimeoutError:
            raise _Passing(failed(Code.SOURCE_TIMEOUT, field=field)) from None
        except (aiohttp.ClientSSLError, aiohttp.InvalidURL, aiohttp.TooManyRedirects):
            raise failed(Code.SOURCE_UNREACHABLE, field=field) from None
        except aiohttp.ClientError:
            raise _Passing(failed(Code.SOURCE_UNREACHABLE, field=field)) from None

    async def _follow(self, given: Input, path: Path) -> int:
        url = given.url
        for _ in range(MAX_REDIRECTS + 1):
            target = parse_url(url)
            check_target(target, allow_loopback=self._allow_loopback)
            # Already normalised: encoded=True keeps a signature in the query exactly as it was signed.
            async with self._session.get(URL(target.url, encoded=True), allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or location is None:
                    return await self._store(response, given, path)
            url = redirected(target.url, location)
        raise failed(Code.SOURCE_UNREACHABLE, field=given.field)

    async def _store(self, response: aiohttp.ClientResponse, given: Input, path: Path) -> int:
        if response.status != 200:
            self._refuse_status(response.status, given.field)
        most = self._most(given.role)
        too_large = failed(Code.SOURCE_TOO_LARGE, field=given.field, limit=in_megabytes(most))
        if (response.content_length or 0) > most:
            raise too_large
        body = decoded(response.content.iter_chunked(256 * 1024), response.headers.get("Content-Encoding", ""))
        size = await _write(body, path, most, too_large, failed(Code.SOURCE_IS_HTML, field=given.field))
        if size == 0:
            empty = Code.SUBTITLES_EMPTY if given.role is Role.SUBTITLES else Code.SOURCE_EMPTY
            raise failed(empty, field=given.field)
        return size

    @staticmethod
    def _refuse_status(status: int, field: str) -> NoReturn:
        failure = failed(Code.SOURCE_HTTP, field=field, http_status=str(status))
        raise _Passing(failure) if status in _PASSING else failure

    def _most(self, role: Role) -> int:
        return {
            Role.VIDEO: self._limits.max_video_bytes,
            Role.AUDIO: self._limits.max_audio_bytes,
            Role.IMAGE: self._limits.max_image_bytes,
            Role.SUBTITLES: self._limits.max_subtitle_bytes,
        }[role]


async def _write(body: AsyncIterator[bytes], path: Path, most: int, too_large: JobFailed, is_html: JobFailed) -> int:
    size = 0
    head = b""
    try:
        with path.open("wb") as file:
            async for chunk in body:
                if len(head) < _SNIFFED:
                    head = (head + chunk)[:_SNIFFED]
                    if looks_like_html(head):
                        raise is_html
                size += len(chunk)
                if size > most:
                    raise too_large
                file.write(chunk)
    except OSError as error:
        if isinstance(error, (aiohttp.ClientError, TimeoutError)):
            raise
        raise failed(Code.RESOURCES) from None
    return size


def looks_like_html(head: bytes) -> bool:
    """True for the first bytes of a web page: what file-sharing sites and login walls send instead of a file."""
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0").replace(b"\0", b"").lower()
    return text.startswith(_HTML) or (text.startswith(b"<?xml") and b"<html" in text)
