"""Storing the result: the video first, the manifest last, each at most once.

Both URLs are presigned with `If-None-Match: *`: the first complete upload stays. A second execution
of a job finds 412, and adopts what is there, so that manifest and video always belong together.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from contract.errors import Code
from contract.messages import OutputFacts
from gpu_worker.errors import job_failed
from gpu_worker.sandbox.safe_open import create_new, open_read

ATTEMPTS = 4
_PASSING = frozenset({408, 409, 429, 500, 502, 503, 504})
"""409 is S3's answer while another conditional write of the same key is under way."""

_STORED = frozenset({200, 201, 204})
_ALREADY_THERE = 412
_PIECE_BYTES = 256 * 1024

Moved = Callable[[], None]
"""Called for each piece of an upload that is on its way."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Uploads with a session of its own; `backoff` is the first wait between attempts, in seconds.

    `stall_seconds` without an answer, or without a piece of 256 KB gone, end an attempt.
    """

    session: aiohttp.ClientSession
    backoff: float = 0.5
    stall_seconds: float = 60.0

    async def put_file(self, url: str, path: Path, on_sent: Callable[[float], None]) -> bool:
        """Store a video. True if this upload stays, False if another execution's was there first."""
        size = await asyncio.to_thread(lambda: path.lstat().st_size)
        # Content-Length is set by hand: S3 takes no chunked body, which aiohttp would make of a generator.
        return await self._put(url, "video/mp4", size, lambda moved: _read(path, size, on_sent, moved))

    async def put_json(self, url: str, text: str) -> bool:
        """Store a manifest. False if there is one already: the first one wins, and that is a success."""
        data = text.encode()
        return await self._put(url, "application/json", len(data), lambda _: data)

    async def adopt(self, url: str, path: Path, most: int) -> None:
        """Replace `path` with the video that another execution has stored."""
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=self.stall_seconds)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.session.get(URL(url, encoded=True), timeout=timeout, allow_redirects=False) as response:
                    if response.status == 200:
                        await _save(response, path, most)
                        return
                    if response.status not in _PASSING:
                        break
            except (aiohttp.ClientError, TimeoutError):
                pass
            await self._wait(attempt)
        raise job_failed(Code.PUBLISH_FAILED)

    async def _put(self, url: str, content_type: str, size: int, body: Callable[[Moved], object]) -> bool:
        headers = {"Content-Type": content_type, "If-None-Match": "*", "Content-Length": str(size)}
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=self.stall_seconds)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with (
                    self._while_it_moves() as moved,
                    self.session.put(
                        URL(url, encoded=True),
                        data=body(moved),
                        headers=headers,
                        timeout=timeout,
                        allow_redirects=False,
                    ) as response,
                ):
                    if response.status in _STORED:
                        return True
                    if response.status == _ALREADY_THERE:
                        return False
                    if response.status not in _PASSING:
                        break
            except (aiohttp.ClientError, TimeoutError):
                pass  # perhaps stored, perhaps not: the next attempt's 412 tells
            await self._wait(attempt)
        raise job_failed(Code.PUBLISH_FAILED)

    @contextlib.asynccontextmanager
    async def _while_it_moves(self) -> AsyncIterator[Moved]:
        """Raise TimeoutError in the block once `moved` was not called for `stall_seconds`.

        aiohttp counts the seconds between reads only, which begin when all is sent.
        """
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self.stall_seconds) as patience:

            def moved() -> None:
                if not patience.expired():
                    patience.reschedule(now() + self.stall_seconds)

            yield moved

    async def _wait(self, attempt: int) -> None:
        if attempt < ATTEMPTS:
            await asyncio.sleep(self.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311


async def _read(path: Path, size: int, on_sent: Callable[[float], None], moved: Moved) -> AsyncIterator[bytes]:
    """The file piece by piece, saying how much of it has gone."""
    sent = 0
    with open_read(path, links=False) as file:
        while chunk := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield chunk
            moved()
            sent += len(chunk)
            on_sent(sent / size)


async def _save(response: aiohttp.ClientResponse, path: Path, most: int) -> None:
    size = 0
    with create_new(path) as file:
        async for chunk in response.content.iter_chunked(_PIECE_BYTES):
            size += len(chunk)
            if size > most:
                raise job_failed(Code.PUBLISH_FAILED)
            file.write(chunk)


async def output_facts(key: str, path: Path) -> OutputFacts:
    """Size and digest of a file, read in a thread."""

    def digest() -> OutputFacts:
        with open_read(path, links=False) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return OutputFacts(key=key, size_bytes=file.tell(), sha256=sha256)

    return await asyncio.to_thread(digest)
