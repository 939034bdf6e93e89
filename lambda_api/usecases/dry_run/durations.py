"""The length of a media file, from its first bytes. Only headers are read: nothing is decoded.

tinytag reads sound files. It finds the length of MP4 and MOV files only if all of their index is there, which for long
films is larger; the movie header at its start is enough. Where the index comes after the media, as cameras write it,
the lengths of the boxes before it tell its place.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator

_CONTAINERS = {b"moov"}
_VIDEO_MARK = b"ftyp"
_MOST_SECONDS = 7 * 86_400.0
"""A length above a week is a damaged header."""


def media_seconds(head: bytes, size: int | None, index: bytes = b"") -> float | None:
    """Return the seconds that a file lasts, or None if its first bytes do not tell.

    `size`: of the whole file. `index`: its bytes at `index_offset`.
    """
    if _is_movie(head):
        seconds = _movie_seconds(head) or _movie_seconds(index)
    else:
        seconds = _sound_seconds(head, size or len(head))
    return round(seconds, 3) if seconds and math.isfinite(seconds) and 0 < seconds < _MOST_SECONDS else None


def index_offset(head: bytes, size: int) -> int | None:
    """Return where in a movie the index must be if it comes after the media; None if the first bytes have it."""
    if not _is_movie(head):
        return None
    end = 0
    for at, _, length, kind in _boxes(head):
        if kind in _CONTAINERS:
            return None
        end = at + length
    return end if len(head) <= end < size else None


def _is_movie(head: bytes) -> bool:
    return head[4:8] == _VIDEO_MARK


def _movie_seconds(data: bytes) -> float | None:
    """Read `mvhd` (ISO/IEC 14496-12 §8.2.2), the first box in `moov`."""
    for at, header, _, kind in _boxes(data):
        if kind == b"mvhd":
            return _header_seconds(data[at + header : at + header + 32])
    return None


def _boxes(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield offset, bytes of the header, length and kind of each box that begins in `data`, and of those in `moov`."""
    at = 0
    while at + 16 <= len(data):
        length, header, kind = int.from_bytes(data[at : at + 4]), 8, data[at + 4 : at + 8]
        if length == 1:
            length, header = int.from_bytes(data[at + 8 : at + 16]), 16
        if length < header:
            return
        yield at, header, length, kind
        at += header if kind in _CONTAINERS else length


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
