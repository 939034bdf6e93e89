"""Sending files: whole, in parts, wrongly, or only half of them."""

from __future__ import annotations

import asyncio
import hashlib
import random
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

_SMALLEST, _LARGEST = 1_000, 40_000
_SECONDS = 30.0
_BLOCK = 1024 * 1024


def make_file(name: str, size: int | None = None) -> bytes:
    """Return the bytes of a file, the same for the same name: 1 to 40 KB, or `size` in blocks that differ."""
    source = random.Random(name)  # noqa: S311 - no secret
    if size is None:
        return source.randbytes(source.randint(_SMALLEST, _LARGEST))
    block = source.randbytes(_BLOCK)
    count = -(-size // _BLOCK)
    return b"".join(number.to_bytes(8, "big") + block[8:] for number in range(count))[:size]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def put(session: aiohttp.ClientSession, upload: dict[str, Any], data: bytes) -> int:
    """Send a file as announced, except for its length if that differs; returns the status, 0 without a response."""
    headers = upload["headers"] | {"Content-Length": str(len(data))}
    try:
        async with (
            asyncio.timeout(_SECONDS),
            session.put(URL(upload["url"], encoded=True), data=data, headers=headers) as answer,
        ):
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


async def put_parts(session: aiohttp.ClientSession, upload: dict[str, Any], data: bytes) -> list[dict[str, Any]]:
    """Send a file in parts, last part first; returns the parts as `complete` takes them. Raises aiohttp.ClientError."""
    sent = []
    for part in reversed(upload["parts"]):
        start = (part["number"] - 1) * upload["part_size"]
        body = data[start : start + part["size_bytes"]]
        async with asyncio.timeout(_SECONDS), session.put(URL(part["url"], encoded=True), data=body) as answer:
            answer.raise_for_status()
            sent.append({"number": part["number"], "etag": answer.headers["ETag"]})
    return sent


async def put_half(upload: dict[str, Any], data: bytes) -> None:
    """Send half of a file and vanish."""
    parts = urlsplit(upload["url"])
    head = "".join(f"{name}: {text}\r\n" for name, text in {"Host": parts.netloc, **upload["headers"]}.items())
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"PUT {parts.path}?{parts.query} HTTP/1.1\r\n{head}\r\n".encode() + data[: len(data) // 2])
    with suppress(ConnectionError):
        await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
