"""Download one input from an untrusted URL into one file, within limits of destination, size and time."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import aiohttp
from yarl import URL

from contract.errors import Code
from contract.errors.downloads import Reason
from contract.limits import KIB, Limits
from contract.operations import Input, Role
from contract.pages import find_known_site
from contract.retry import Backoff, retry_async
from contract.urls import UrlError, check_target, parse_url, resolve_redirect
from gpu_worker.errors import JobFailed, format_bytes, job_failed
from gpu_worker.transfer.body import raise_on_stall, write_body
from gpu_worker.transfer.content_encoding import (
    BodyTooLargeError,
    BodyTruncatedError,
    ContentEncodingError,
    decode_content,
)
from gpu_worker.transfer.cookies import DownloadCookies
from gpu_worker.transfer.download_errors import TemporaryError, classify_client_error
from gpu_worker.transfer.resolver import ForbiddenAddressError
from gpu_worker.transfer.responses import (
    REDIRECT_STATUSES,
    has_whole_file,
    parse_retry_after,
    read_content_encodings,
    read_location,
)
from gpu_worker.transfer.session import DownloadPolicy

MAX_REDIRECTS = 20
"""The limit of browsers (Fetch standard §4.4): podcast links pass more than five servers that count downloads."""
_MAX_RETRY_AFTER_SECONDS = 90.0
"""Once a download has waited this long, `Retry-After` gets no further attempt: the GPU is billed while waiting."""


@dataclass(slots=True)
class _Download:
    """The state of one download. `deadline`: the end of its time, on the monotonic clock."""

    source: Input
    path: Path
    deadline: float
    cookies: DownloadCookies = field(default_factory=DownloadCookies)
    is_redirected: bool = False
    has_response: bool = False
    waited: float = 0.0

    def delay(self, backoff: Backoff, failures: int, error: TemporaryError) -> float | None:
        """Return the seconds to wait before the next attempt; None if there is none.

        A server that sends `Retry-After` gets more attempts than one that does not.
        """
        if error.retry_after:
            backoff = replace(backoff, attempts=math.inf if self.waited < _MAX_RETRY_AFTER_SECONDS else 0)
        seconds = backoff.delay(failures)
        if seconds is None:
            return None
        seconds = max(seconds, error.retry_after or 0.0)
        if time.monotonic() + seconds >= self.deadline:
            return None
        self.waited += seconds
        return seconds


class Downloader:
    """Downloads inputs with one session. `deadline`: the end of the job's time, on the monotonic clock."""

    def __init__(
        self, session: aiohttp.ClientSession, limits: Limits, policy: DownloadPolicy, *, deadline: float = math.inf
    ) -> None:
        self._session = session
        self._limits = limits
        self._policy = policy
        self._deadline = deadline

    async def download(self, source: Input, path: Path) -> int:
        """Write the input to `path` and return its size in bytes. Raises JobFailed naming its field.

        Temporary errors are retried; all attempts together take `limits.fetch_seconds` at most.
        """
        deadline = min(self._deadline, time.monotonic() + self._limits.fetch_seconds)
        download = _Download(source, path, deadline)
        delay = partial(download.delay, self._policy.backoff)
        try:
            async with asyncio.timeout(self._limits.fetch_seconds):
                return await retry_async(partial(self._attempt, download), TemporaryError, delay, self._policy.sleep)
        except TemporaryError as error:
            raise error.failure from None
        except TimeoutError:
            reason = Reason.TOO_SLOW if download.has_response else Reason.NO_ANSWER
            raise job_failed(Code.SOURCE_TIMEOUT, field=source.field, reason=reason) from None

    async def _attempt(self, download: _Download) -> int:
        source = download.source
        try:
            return await self._follow_redirects(download)
        except ForbiddenAddressError:
            raise job_failed(Code.SOURCE_FORBIDDEN, field=source.field) from None
        except UrlError:
            reason = {"reason": Reason.REFUSED_REDIRECT} if download.is_redirected else {}
            raise job_failed(Code.SOURCE_FORBIDDEN, field=source.field, **reason) from None
        except BodyTooLargeError:
            raise self._too_large(source) from None
        except ContentEncodingError as error:
            raise job_failed(Code.MEDIA_UNSUPPORTED, field=source.field, format=f"{error} encoding") from None
        except BodyTruncatedError:
            lost = job_failed(Code.SOURCE_UNREACHABLE, field=source.field, reason=Reason.CONNECTION_LOST)
            raise TemporaryError(lost) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise classify_client_error(error, source.field) from None

    async def _follow_redirects(self, download: _Download) -> int:
        location = download.source.url
        base = ""
        for hop in range(MAX_REDIRECTS + 1):
            download.is_redirected, download.has_response = hop > 0, False
            target = parse_url(resolve_redirect(base, location) if hop else location)
            check_target(target, allow_loopback=self._policy.allow_loopback, ports=self._policy.ports)
            # Already normalized: encoded=True keeps a signature in the query exactly as it was signed.
            url = URL(target.url, encoded=True)
            async with self._session.get(url, allow_redirects=False, headers=download.cookies.headers(url)) as response:
                download.has_response = True
                download.cookies.keep(response)
                location, base = read_location(response.headers), target.url
                if response.status not in REDIRECT_STATUSES or not location:
                    return await self._save_body(response, download)
        raise job_failed(Code.SOURCE_UNREACHABLE, field=download.source.field, reason=Reason.TOO_MANY_REDIRECTS)

    async def _save_body(self, response: aiohttp.ClientResponse, download: _Download) -> int:
        source = download.source
        if not has_whole_file(response):
            error = job_failed(Code.SOURCE_HTTP, field=source.field, http_status=str(response.status))
            raise TemporaryError(error, parse_retry_after(response.headers)) if error.failure.retryable else error
        max_bytes = self._limits.max_bytes(source.role)
        if (response.content_length or 0) > max_bytes:
            raise self._too_large(source)
        chunks = raise_on_stall(response.content.iter_chunked(256 * KIB), self._policy.stall_seconds)
        body = decode_content(chunks, read_content_encodings(response.headers), max_bytes)
        site = find_known_site(parse_url(source.url).host, response.url.raw_host or "")
        html_error = job_failed(Code.SOURCE_IS_HTML, field=source.field, **({"reason": site} if site else {}))
        size = await write_body(body, download.path, response.content_type, html_error)
        if size == 0:
            empty = Code.SUBTITLES_EMPTY if source.role is Role.SUBTITLES else Code.SOURCE_EMPTY
            raise job_failed(empty, field=source.field)
        return size

    def _too_large(self, source: Input) -> JobFailed:
        limit = format_bytes(self._limits.max_bytes(source.role))
        return job_failed(Code.SOURCE_TOO_LARGE, field=source.field, limit=limit)
