"""Read what an untrusted program prints, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_TAIL_BYTES = 64 * 1024
_CHUNK_BYTES = 256 * 1024


class LogTail:
    """The last bytes of a stream, however long it runs."""

    def __init__(self, limit: int = _TAIL_BYTES) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        """Append a chunk, and drop what is older than the last `limit` bytes."""
        self._bytes += data
        if len(self._bytes) > 2 * self._limit:
            del self._bytes[: -self._limit]

    @property
    def text(self) -> str:
        """The tail, decoded as UTF-8 with replacement characters."""
        return self._bytes[-self._limit :].decode("utf-8", "replace")


async def read_lines(stream: asyncio.StreamReader | None, take_line: Callable[[bytes], None]) -> None:
    """Pass each line on, without its end. Drop what exceeds 64 KiB of a line: metadata may be endless."""
    rest = b""
    while stream is not None and (data := await stream.read(_CHUNK_BYTES)):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            take_line(line)
        rest = rest[:_TAIL_BYTES]
    if rest:
        take_line(rest)


async def read_tail(stream: asyncio.StreamReader | None, tail: LogTail) -> None:
    """Read a stream to its end and keep the last bytes."""
    while stream is not None and (data := await stream.read(_CHUNK_BYTES)):
        tail.add(data)
