"""Bodies as servers send them: bounded, and unpacked if they are packed as `Content-Encoding` says."""

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

_PIECE = 256 * 1024
_HEAD = 16 * 1024
"""Bytes that show how a body is packed."""
_MOST_CODINGS = 4
_GZIP, _ZSTD, _COMPRESS = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x1f\x9d"
_ZSTD_WINDOW_LOG = 23
"""8 MiB: the largest window of this coding (RFC 9659 §3). The memory of one download is bounded by it."""


class BodyError(Exception):
    """The body cannot be read. The message names its encoding."""


class BodyTooLargeError(Exception):
    """The body is larger than its limit, packed or unpacked."""


class BodyCutError(Exception):
    """The body ends before what is packed in it does."""


async def bounded(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """Pass on at most `most` bytes. Raises BodyTooLargeError."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise BodyTooLargeError
        yield chunk


def decoded(chunks: AsyncIterator[bytes], encoding: str, most: int) -> AsyncIterator[bytes]:
    """Undo the encodings of the header, the last one first, in pieces of less than 1 MiB.

    An encoding that nobody decodes (`aws-chunked`, `utf-8`, `binary`) says nothing about the body, nor does one
    that the body does not begin like. What is received and what each encoding makes of it may be `most` bytes.
    """
    codings = [name for part in encoding.lower().split(",") if (name := part.strip()) in _DECODERS]
    if len(codings) > _MOST_CODINGS:
        raise BodyError("repeated")
    chunks = bounded(chunks, most)
    for coding in reversed(codings):
        chunks = bounded(_unpacked(chunks, coding), most)
    return chunks


async def _unpacked(chunks: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    data = await _at_least(_HEAD, b"", chunks)
    decoder = _DECODERS[coding](data)
    if decoder is None:
        while data:
            yield data
            data = await anext(chunks, b"")
        return
    while decoder is not None:
        try:
            for piece in decoder.unpack(data):
                yield piece
        except (zlib.error, zstd.ZstdError, brotli.error):
            raise BodyError(f"broken {coding}") from None
        if not decoder.ended:
            data = await anext(chunks, b"")
            if not data:
                raise BodyCutError
        else:
            # Another member of the same file, or else bytes that belong to nothing and are not received.
            data = await _at_least(len(_ZSTD), decoder.rest, chunks)
            decoder = _DECODERS[coding](data) if data.startswith((_GZIP, _ZSTD)) else None


async def _at_least(size: int, data: bytes, chunks: AsyncIterator[bytes]) -> bytes:
    """Add chunks to the data until it has this size or there are no more."""
    while len(data) < size and (more := await anext(chunks, b"")):
        data += more
    return data


class _Decoder(Protocol):
    """One packed file. `rest`: what was given after its end."""

    ended: bool
    rest: bytes

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Return the next pieces, so that a bomb can be left before it is unpacked."""


class _Zlib:
    def __init__(self, bits: int) -> None:
        self._inflater = zlib.decompressobj(bits)
        self.ended, self.rest = False, b""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        full = True
        while (data or full) and not self.ended:
            piece = self._inflater.decompress(data, _PIECE)
            data, full = self._inflater.unconsumed_tail, len(piece) == _PIECE
            self.ended, self.rest = self._inflater.eof, self._inflater.unused_data
            if piece:
                yield piece


class _Zstd:
    def __init__(self) -> None:
        self._inflater = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        self.ended, self.rest = False, b""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        more = True
        while more and not self.ended:
            piece = self._inflater.decompress(data, _PIECE)
            data, self.ended = b"", self._inflater.eof
            more = not self.ended and not self._inflater.needs_input
            self.rest = self._inflater.unused_data
            if piece:
                yield piece


class _Brotli:
    rest = b""

    def __init__(self) -> None:
        self._inflater = brotli.Decompressor()
        self.ended = False

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while piece := self._inflater.process(data, output_buffer_limit=_PIECE):
            data = b""
            yield piece
        self.ended = self._inflater.is_finished()


def _gzip(head: bytes) -> _Decoder | None:
    return _Zlib(zlib.MAX_WBITS | 16) if head.startswith(_GZIP) else None


def _deflate(head: bytes) -> _Decoder | None:
    """Return the decoder of what goes by this name: zlib's format, raw deflate, or even gzip."""
    makers: tuple[Callable[[], _Decoder], ...] = (lambda: _Zlib(zlib.MAX_WBITS), lambda: _Zlib(-zlib.MAX_WBITS))
    return _gzip(head) or next((make() for make in makers if _unpacks(make(), head)), None)


def _zstd(head: bytes) -> _Decoder | None:
    return _Zstd() if head.startswith(_ZSTD) else None


def _brotli(head: bytes) -> _Decoder | None:
    return _Brotli() if _unpacks(_Brotli(), head) else None


def _compress(head: bytes) -> _Decoder | None:
    if head.startswith(_COMPRESS):
        raise BodyError("compress")
    return None


def _unpacks(decoder: _Decoder, head: bytes) -> bool:
    """Try a format that has no signature."""
    try:
        pieces = sum(1 for _ in islice(decoder.unpack(head), 2))
    except (zlib.error, brotli.error):
        return False
    return pieces > 1 or decoder.ended or (pieces == 1 and len(head) >= _HEAD)


_DECODERS: dict[str, Callable[[bytes], _Decoder | None]] = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd,
    "compress": _compress, "x-compress": _compress,
}  # fmt: skip
