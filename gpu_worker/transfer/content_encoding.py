"""Decode `Content-Encoding` with limits on size and memory.

HTTP clients trust the header, so they fail for the many servers whose header is wrong.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 16 * 1024
"""Enough of a body to recognize its encoding."""
_MAX_ENCODINGS = 4
_GZIP, _ZSTD, _COMPRESS = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x1f\x9d"
_ZSTD_WINDOW_LOG = 23
"""8 MiB: the largest window this encoding may use (RFC 9659 §3). It bounds the memory of one download."""


class ContentEncodingError(Exception):
    """The body cannot be decoded. The message names its encoding."""


class BodyTooLargeError(Exception):
    """The body is larger than its limit, encoded or decoded."""


class BodyTruncatedError(Exception):
    """The body ends before its compressed data does."""


async def limit_bytes(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """Pass on at most `max_bytes`. Raises BodyTooLargeError."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLargeError
        yield chunk


def decode_content(chunks: AsyncIterator[bytes], encoding: str, max_bytes: int) -> AsyncIterator[bytes]:
    """Undo the encodings of the header, the last one first, in chunks of under 1 MiB.

    Unknown encodings (`aws-chunked`, `utf-8`, `binary`) are ignored, and so are those whose signature the body does
    not start with. `max_bytes` limits the received data and the output of each encoding.
    Raises BodyTooLargeError, BodyTruncatedError or ContentEncodingError, also while the chunks are read.
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) in _DECODERS]
    if len(names) > _MAX_ENCODINGS:
        raise ContentEncodingError("repeated")
    chunks = limit_bytes(chunks, max_bytes)
    for name in reversed(names):
        chunks = limit_bytes(_decode(chunks, name), max_bytes)
    return chunks


async def _decode(chunks: AsyncIterator[bytes], name: str) -> AsyncIterator[bytes]:
    data = await _read_at_least(_HEAD_BYTES, b"", chunks)
    decoder = _DECODERS[name](data)
    if decoder is None:
        while data:
            yield data
            data = await anext(chunks, b"")
        return
    while decoder is not None:
        try:
            for chunk in decoder.decode(data):
                yield chunk
        except (zlib.error, zstd.ZstdError, brotli.error):
            raise ContentEncodingError(f"broken {name}") from None
        if not decoder.is_finished:
            data = await anext(chunks, b"")
            if not data:
                raise BodyTruncatedError
        else:
            # Another member of the same file, or trailing bytes, which are dropped.
            data = await _read_at_least(len(_ZSTD), decoder.rest, chunks)
            decoder = _DECODERS[name](data) if data.startswith((_GZIP, _ZSTD)) else None


async def _read_at_least(size: int, data: bytes, chunks: AsyncIterator[bytes]) -> bytes:
    """Add chunks to the data until it has this size or there are no more."""
    while len(data) < size and (more := await anext(chunks, b"")):
        data += more
    return data


class _Decoder(Protocol):
    """Decoder of one compressed stream. `rest`: input after its end."""

    is_finished: bool
    rest: bytes

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the next chunks, so that a decompression bomb can be abandoned early."""


class _ZlibDecoder:
    def __init__(self, bits: int) -> None:
        self._inflater = zlib.decompressobj(bits)
        self.is_finished, self.rest = False, b""

    def decode(self, data: bytes) -> Iterator[bytes]:
        full = True
        while (data or full) and not self.is_finished:
            chunk = self._inflater.decompress(data, _CHUNK_BYTES)
            data, full = self._inflater.unconsumed_tail, len(chunk) == _CHUNK_BYTES
            self.is_finished, self.rest = self._inflater.eof, self._inflater.unused_data
            if chunk:
                yield chunk


class _ZstdDecoder:
    def __init__(self) -> None:
        self._inflater = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        self.is_finished, self.rest = False, b""

    def decode(self, data: bytes) -> Iterator[bytes]:
        more = True
        while more and not self.is_finished:
            chunk = self._inflater.decompress(data, _CHUNK_BYTES)
            data, self.is_finished = b"", self._inflater.eof
            more = not self.is_finished and not self._inflater.needs_input
            self.rest = self._inflater.unused_data
            if chunk:
                yield chunk


class _BrotliDecoder:
    rest = b""

    def __init__(self) -> None:
        self._inflater = brotli.Decompressor()
        self.is_finished = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        while chunk := self._inflater.process(data, output_buffer_limit=_CHUNK_BYTES):
            data = b""
            yield chunk
        self.is_finished = self._inflater.is_finished()


def _make_gzip(head: bytes) -> _Decoder | None:
    return _ZlibDecoder(zlib.MAX_WBITS | 16) if head.startswith(_GZIP) else None


def _make_deflate(head: bytes) -> _Decoder | None:
    """Return the decoder of what servers call deflate: zlib's format, raw deflate, or even gzip."""
    makers: tuple[Callable[[], _Decoder], ...] = (
        lambda: _ZlibDecoder(zlib.MAX_WBITS),
        lambda: _ZlibDecoder(-zlib.MAX_WBITS),
    )
    return _make_gzip(head) or next((make() for make in makers if _can_decode(make(), head)), None)


def _make_zstd(head: bytes) -> _Decoder | None:
    return _ZstdDecoder() if head.startswith(_ZSTD) else None


def _make_brotli(head: bytes) -> _Decoder | None:
    return _BrotliDecoder() if _can_decode(_BrotliDecoder(), head) else None


def _refuse_compress(head: bytes) -> _Decoder | None:
    if head.startswith(_COMPRESS):
        raise ContentEncodingError("compress")
    return None


def _can_decode(decoder: _Decoder, head: bytes) -> bool:
    """Try a format that has no signature."""
    try:
        chunks = sum(1 for _ in islice(decoder.decode(head), 2))
    except (zlib.error, brotli.error):
        return False
    return chunks > 1 or decoder.is_finished or (chunks == 1 and len(head) >= _HEAD_BYTES)


_DECODERS: dict[str, Callable[[bytes], _Decoder | None]] = {
    "gzip": _make_gzip, "x-gzip": _make_gzip, "deflate": _make_deflate, "br": _make_brotli, "zstd": _make_zstd,
    "compress": _refuse_compress, "x-compress": _refuse_compress,
}  # fmt: skip
