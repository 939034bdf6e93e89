"""Detect truncated files after their decoder has failed: few decoders report the cause."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from gpu_worker.photo import tiff

_TAIL_BYTES = 64


def is_truncated(file: BinaryIO, name: str) -> bool:
    """Return True if a file of the format `name` states more data than it has."""
    size = file.seek(0, 2)
    file.seek(0)
    check = _CHECKS.get(name)
    return check is not None and check(file, size)


def _is_webp_truncated(file: BinaryIO, size: int) -> bool:
    return int.from_bytes(file.read(8)[4:], "little") + 8 > size


def _make_end_check(marker: bytes) -> Callable[[BinaryIO, int], bool]:
    def check(file: BinaryIO, size: int) -> bool:
        file.seek(max(0, size - _TAIL_BYTES))
        return marker not in file.read()

    return check


def _is_isobmff_truncated(file: BinaryIO, size: int) -> bool:
    """Return True if a box of an ISO base media file extends beyond its end."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        (length,) = struct.unpack(">I", file.read(4))
        if length in {0, 1}:  # extends to the end, or has 64-bit size, which no photo needs
            return False
        at += max(8, length)
    return at != size


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "PNG": _make_end_check(b"IEND"),
    "JPEG2000": _make_end_check(b"\xff\xd9"),
    "WEBP": _is_webp_truncated,
    "HEIF": _is_isobmff_truncated,
    "AVIF": _is_isobmff_truncated,
    "TIFF": tiff.is_truncated,
}
