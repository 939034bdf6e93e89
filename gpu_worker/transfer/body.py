"""Write a response's body to a file while it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from contract.errors import Code
from contract.web_pages import SNIFFED_BYTES, looks_like_html
from gpu_worker.errors import JobFailed, job_failed


async def raise_on_stall(chunks: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Pass the chunks on. Raises TimeoutError if one after the first takes longer than `seconds`."""
    chunk = await anext(chunks, b"")
    while chunk:
        yield chunk
        async with asyncio.timeout(seconds):
            chunk = await anext(chunks, b"")


async def write_body(body: AsyncIterator[bytes], path: Path, content_type: str, html_error: JobFailed) -> int:
    """Write the body to a file and return its size in bytes. Raises `html_error` if it is a web page."""
    size = 0
    head = b""
    try:
        with path.open("wb") as file:
            async for chunk in body:
                if len(head) < SNIFFED_BYTES:
                    head = (head + chunk)[:SNIFFED_BYTES]
                    if looks_like_html(head, content_type):
                        raise html_error
                size += len(chunk)
                file.write(chunk)
    except OSError as error:
        if isinstance(error, (aiohttp.ClientError, TimeoutError)):
            raise
        raise job_failed(Code.RESOURCES) from None
    return size
