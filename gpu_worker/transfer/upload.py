"""Upload the result: its files first, the manifest last, each stored at most once.

Both URLs are presigned with `If-None-Match: *`: the first complete upload stays. A second execution
of a job gets 412 and adopts the stored file, so that the manifest always describes the stored files.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp
from yarl import URL

from contract.artifacts import Artifact
from contract.errors import Code
from contract.messages import ArtifactFacts
from contract.retry import Backoff, retry_async
from gpu_worker.errors import job_failed
from gpu_worker.sandbox.safe_open import create_new, open_read

T = TypeVar("T")

_TEMPORARY_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504})
"""S3 returns 409 while another conditional write of the same key is in progress."""
_STORED_STATUSES = frozenset({200, 201, 204})
_ALREADY_STORED = 412
_CHUNK_BYTES = 256 * 1024
_BACKOFF = Backoff(attempts=4, base=0.5)

ResetTimeout = Callable[[], None]
"""Called for each chunk of an upload that was sent."""


class _TemporaryStatusError(Exception):
    """The bucket's response is one that a later attempt may not get."""


@dataclass(frozen=True, slots=True)
class Uploader:
    """Uploads with `session`, which its owner closes.

    An attempt ends after `stall_seconds` without a response, or without a chunk of 256 KiB sent.
    """

    session: aiohttp.ClientSession
    backoff: Backoff = _BACKOFF
    stall_seconds: float = 60.0

    async def upload_file(self, url: str, path: Path, content_type: str, on_sent: Callable[[float], None]) -> bool:
        """Store a file; `on_sent` gets the share sent so far.

        Return True if this upload stays, False if another execution's was stored first. Raises JobFailed.
        """
        size = await asyncio.to_thread(lambda: path.lstat().st_size)

        # Content-Length is set by hand: aiohttp would send a generator chunked, which S3 rejects.
        def body(reset: ResetTimeout) -> object:
            return _read_chunks(path, size, on_sent, reset)

        return await self._put(url, content_type, size, body)

    async def upload_json(self, url: str, text: str) -> bool:
        """Store a manifest. Return False, also a success, if there is one already: the first one wins.

        Raises JobFailed.
        """
        data = text.encode()
        return await self._put(url, "application/json", len(data), lambda _: data)

    async def adopt_stored(self, url: str, path: Path, max_bytes: int) -> None:
        """Replace `path` with the file that another execution has stored. Raises JobFailed."""
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=self.stall_seconds)

        async def attempt() -> None:
            async with self.session.get(URL(url, encoded=True), timeout=timeout, allow_redirects=False) as response:
                if response.status != 200:
                    raise _status_error(response.status)
                await _save(response, path, max_bytes)

        await self._retry(attempt)

    async def _put(self, url: str, content_type: str, size: int, body: Callable[[ResetTimeout], object]) -> bool:
        headers = {"Content-Type": content_type, "If-None-Match": "*", "Content-Length": str(size)}
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=self.stall_seconds)

        async def attempt() -> bool:
            async with (
                self._stall_timeout() as reset,
                self.session.put(
                    URL(url, encoded=True), data=body(reset), headers=headers, timeout=timeout, allow_redirects=False
                ) as response,
            ):
                if response.status in _STORED_STATUSES:
                    return True
                if response.status == _ALREADY_STORED:
                    return False
                raise _status_error(response.status)

        # After a lost response the upload may be stored or not; then the next attempt gets 412.
        return await self._retry(attempt)

    async def _retry(self, attempt: Callable[[], Awaitable[T]]) -> T:
        errors = (_TemporaryStatusError, aiohttp.ClientError, TimeoutError)
        try:
            return await retry_async(attempt, errors, lambda failures, _: self.backoff.delay(failures), asyncio.sleep)
        except errors:
            raise job_failed(Code.PUBLISH_FAILED) from None

    @contextlib.asynccontextmanager
    async def _stall_timeout(self) -> AsyncIterator[ResetTimeout]:
        """Raise TimeoutError in the block `stall_seconds` after the last call of the yielded function.

        aiohttp's own timeout measures time between reads only, which begin when all is sent.
        """
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self.stall_seconds) as timeout:

            def reset() -> None:
                if not timeout.expired():
                    timeout.reschedule(now() + self.stall_seconds)

            yield reset


def _status_error(status: int) -> Exception:
    return _TemporaryStatusError() if status in _TEMPORARY_STATUSES else job_failed(Code.PUBLISH_FAILED)


async def _read_chunks(
    path: Path, size: int, on_sent: Callable[[float], None], reset: ResetTimeout
) -> AsyncIterator[bytes]:
    """Yield the file in chunks, and report the share sent after each."""
    sent = 0
    with open_read(path, links=False) as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk
            reset()
            sent += len(chunk)
            on_sent(sent / size)


async def _save(response: aiohttp.ClientResponse, path: Path, max_bytes: int) -> None:
    size = 0
    with create_new(path) as file:
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise job_failed(Code.PUBLISH_FAILED)
            file.write(chunk)


async def read_artifact_facts(artifact: Artifact, path: Path) -> ArtifactFacts:
    """Return the size and SHA-256 digest of a file, read in a thread."""

    def digest() -> ArtifactFacts:
        with open_read(path, links=False) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return ArtifactFacts(**artifact._asdict(), size_bytes=file.tell(), sha256=sha256)

    return await asyncio.to_thread(digest)
