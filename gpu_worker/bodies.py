"""Bodies of servers that compress although they were asked not to, without falling for a bomb."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

_PIECE = 256 * 1024


class BodyError(Exception):
    """The body cannot be read. The message is the encoding's name, or `broken`."""


async def decoded(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Pass the body on in pieces of at most 256 KiB, so that whoever counts them can stop in time."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        async for chunk in chunks:
            yield chunk
        return
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise BodyError(name if name in {"br", "zstd", "compress"} else "unknown")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        async for chunk in chunks:
            rest = chunk
            while rest:
                if inflater.eof:
                    # zlib would keep all that follows, without giving any of it to be counted.
                    raise BodyError("broken")
                piece = inflater.decompress(rest, _PIECE)
                rest = inflater.unconsumed_tail or inflater.unused_data
                if piece:
                    yield piece
    except zlib.error:
        raise BodyError("broken") from None
    if not inflater.eof:
        raise BodyError("broken")
