"""Bodies that match their Content-Encoding, contradict it, or are not encoded."""

from __future__ import annotations

import asyncio
import gzip
import random
import sys
import zlib
from collections.abc import AsyncIterator, Callable

import brotli
import pytest

from gpu_worker.transfer.content_encoding import (
    BodyTooLargeError,
    BodyTruncatedError,
    ContentEncodingError,
    decode_content,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SRT = b"1\n00:00:01,000 --> 00:00:02,000\nhi\n"
NOISE = b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(60_000)  # noqa: S311 - incompressible bytes
JPEG, MP4, MP3, WAV, PNG = b"\xff\xd8\xff\xe0", b"\0\0\0\x20ftypisom", b"ID3\4", b"RIFF\0\0\0\0WAVE", b"\x89PNG\r\n"


def read(data: bytes, encoding: str, size: int = 1000, most: int = 10**7) -> bytes:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    async def work() -> bytes:
        return b"".join([piece async for piece in decode_content(chunks(), encoding, most)])

    return asyncio.run(work())


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def twice(data: bytes) -> bytes:
    return gzip.compress(gzip.compress(data))


def both(data: bytes) -> bytes:
    return brotli.compress(gzip.compress(data))


PACKED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate),
    ("deflate", gzip.compress), (" Br ", brotli.compress), ("zstd", zstd.compress), ("gzip, gzip", twice),
    ("gzip,br", both), ("aws-chunked,gzip", gzip.compress), ("gzip, identity, chunked", gzip.compress),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_encoded_bodies_are_decoded(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    for data in (SRT, NOISE, b"a" * 1_000_000):
        assert read(pack(data), encoding) == data
    assert read(pack(SRT), encoding, size=1) == SRT


@pytest.mark.parametrize(
    "encoding",
    ["aws-chunked", "utf-8", "UTF-8", "binary", "none", "identity", "GZIP", "x-gzip", "deflate", "br", "zstd",
     "compress", "gzip, br", "aws-chunked,gzip", "gzip;q=1", '"gzip"', "*", ",,", "x" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("start", [JPEG, MP4, MP3, WAV, PNG])
def test_a_body_without_the_encodings_signature_is_unchanged(encoding: str, start: bytes) -> None:
    for data in (start + NOISE, start, SRT, b"WEBVTT\n\n", b""):
        assert read(data, encoding) == data


def test_an_encoded_body_without_a_header_is_unchanged() -> None:
    data = gzip.compress(SRT)
    assert read(data, "") == read(data, "aws-chunked") == data


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_members_are_joined_and_trailing_bytes_dropped(pack: Callable[[bytes], bytes], size: int) -> None:
    data = pack(SRT)
    assert read(data * 3, "gzip, zstd", size) == SRT * 3
    assert read(data + b"\0" * 512, "gzip, zstd", size) == SRT


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_truncated_and_broken_bodies_have_different_errors(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    data = pack(NOISE)
    with pytest.raises(BodyTruncatedError):
        read(data[:-9], encoding)
    with pytest.raises(ContentEncodingError, match=f"broken {encoding}"):
        read(data[:40_000] + bytes(9) + b"\xff" * 9000 + data[49_009:], encoding)


@pytest.mark.fault("F14")
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, brotli.compress, zstd.compress, twice, both])
def test_decompression_bombs_end_at_the_limit(pack: Callable[[bytes], bytes]) -> None:
    names = {zlib.compress: "deflate", brotli.compress: "br", zstd.compress: "zstd", both: "gzip, br"}
    with pytest.raises(BodyTooLargeError):
        read(pack(bytes(3_000_000)), names.get(pack, "gzip, gzip"), most=1_000_000)


@pytest.mark.fault("F14")
def test_bodies_that_decode_to_nothing_end_at_the_limit() -> None:
    with pytest.raises(BodyTooLargeError):
        read(gzip.compress(b"") * 100_000, "gzip", size=100_000, most=1_000_000)
    with pytest.raises(ContentEncodingError):
        read(gzip.compress(SRT), "gzip, " * 99)


def test_the_obsolete_compress_encoding_is_named() -> None:
    with pytest.raises(ContentEncodingError, match="compress"):
        read(b"\x1f\x9d\x90abc", "x-compress")
