"""The length of a media file, from its first bytes. Only headers are read: nothing is decoded.

tinytag reads sound files. It finds the length of MP4 and MOV files only if all of their index is there, which for long
films is larger; the movie header at its start is enough.
"""

from __future__ import annotations

import io
import math

_CONTAINERS = {b"moov"}
_VIDEO_MARK = b"ftyp"
_MOST_SECONDS = 7 * 86_400.0
"""A length above a week is a damaged header."""


def media_seconds(head: bytes, size: int | None) -> float | None:
    """Return the seconds that a file lasts, or None if its first bytes do not tell. `size`: of the whole file."""
    seconds = _movie_seconds(head) if head[4:8] == _VIDEO_MARK else _sound_seconds(head, size or len(head))
    return round(seconds, 3) if seconds and math.isfinite(seconds) and 0 < seconds < _MOST_SECONDS else None


def _movie_seconds(head: bytes) -> float | None:
    """Read `mvhd` (ISO/IEC 14496-12 §8.2.2), the first box in `moov`. None if `moov` comes after the media."""
    at = 0
    while at + 16 <= len(head):
        length, kind = int.from_bytes(head[at : at + 4]), head[at + 4 : at + 8]
        header = 8
        if length == 1:
            length, header = int.from_bytes(head[at + 8 : at + 16]), 16
        if kind == b"mvhd":
            return _header_seconds(head[at + header : at + header + 32])
        if kind in _CONTAINERS:
            at += header
        elif length < header:
            return None
        else:
            at += length
    return None


def _header_seconds(box: bytes) -> float | None:
    wide = box[:1] == b"\1"
    scale_at, bytes_of_length = (20, 8) if wide else (12, 4)
    scale = int.from_bytes(box[scale_at : scale_at + 4])
    length = int.from_bytes(box[scale_at + 4 : scale_at + 4 + bytes_of_length])
    unknown = length == 2 ** (8 * bytes_of_length) - 1
    return length / scale if scale and not unknown and len(box) == 32 else None


class _Start(io.BytesIO):
    """The first bytes of a file that claims its whole size."""

    def __init__(self, head: bytes, size: int) -> None:
        super().__init__(head)
        self._size = size

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return super().seek(self._size + offset) if whence == io.SEEK_END else super().seek(offset, whence)


def _sound_seconds(head: bytes, size: int) -> float | None:
    from tinytag import TinyTag  # noqa: PLC0415 - only dry runs need it

    try:
        return TinyTag.get(file_obj=_Start(head, max(size, len(head))), tags=False).duration
    except Exception:  # noqa: BLE001 - untrusted bytes: whatever it stumbles over, there is no length
        return None
