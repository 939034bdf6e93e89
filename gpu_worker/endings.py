"""Whether a picture file is all there.

ffmpeg draws what it has of a photo cut off in transit and calls it a success; the lower part is grey.
"""

from __future__ import annotations

import mmap
from pathlib import Path

from gpu_worker.jobfiles import opened

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_GIF_EXTENSION, _GIF_IMAGE = 0x21, 0x2C


def is_cut_off(path: Path) -> bool:
    """True if a JPEG, PNG, WebP or GIF file ends before its (first) picture does; False for any other format."""
    with opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        head = data[:12]
        if head.startswith(_SOI):
            return data.find(_EOI, _first_scan(data)) < 0
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return data.find(b"IEND") < 0
        if head.startswith(b"RIFF") and head[8:] == b"WEBP":
            return int.from_bytes(head[4:8], "little") + 8 > len(data)
        if head.startswith((b"GIF87a", b"GIF89a")):
            return not _holds_gif_picture(data)
        return False


def _first_scan(data: mmap.mmap) -> int:
    """Where the picture itself begins: past the EXIF block, whose thumbnail has an end marker of its own."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            return at
        if marker == 0xFF:
            at += 1  # padding before a marker
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _holds_gif_picture(data: mmap.mmap) -> bool:
    """Walk the blocks to the end of the first picture; each is a run of sub-blocks that an empty one ends."""
    try:
        at = 13 + _colour_table(data[10])
        while data[at] == _GIF_EXTENSION:
            at = _past_sub_blocks(data, at + 2)
        if data[at] != _GIF_IMAGE:
            return True  # not for this file to say what else is wrong
        _past_sub_blocks(data, at + 11 + _colour_table(data[at + 9]))
    except IndexError:
        return False
    return True


def _colour_table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _past_sub_blocks(data: mmap.mmap, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1
