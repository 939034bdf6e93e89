"""What a TIFF file is, as far as ffmpeg gets it wrong without saying so.

It draws tiles and pictures compressed as JPEG in black, multiplies colours by their opacity a
second time where the file has done so, takes any fourth channel for opacity, and reads colour
differences in a range they do not have. Tags: TIFF revision 6.0, Adobe, 1992.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from gpu_worker.jobfiles import opened

_COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _STRIP_BYTES, _TILE_WIDTH, _EXTRA = 259, 262, 273, 279, 322, 338
ORIENTATION, PROFILE = 274, 34675
_READ = {_COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _STRIP_BYTES, _TILE_WIDTH, _EXTRA, ORIENTATION, PROFILE}
"""Each once: a directory may have 65,535 entries, all with the same hundred thousand values."""
_DRAWN = {
    _COMPRESSION: {1, 2, 3, 4, 5, 8, 32773, 32946, 34925},  # none, CCITT, LZW, deflate, PackBits, LZMA
    _PHOTOMETRIC: {0, 1, 2, 3, 5},  # grey, RGB, palette, CMYK
    _EXTRA: {2},  # opacity, colours not yet multiplied by it
}
_KINDS = {1: "B", 3: "H", 4: "I", 7: "B"}
_MOST_VALUES = 100_000


class NotTiff(Exception):
    """The file is not a TIFF, or its directory cannot be read."""


def read_tags(path: Path) -> dict[int, tuple[int, ...]]:
    """Those whole-number tags of the first picture in a TIFF file that somebody here asks for. Raises NotTiff."""
    with opened(path) as file:
        return tags_in(file)


def tags_in(file: BinaryIO) -> dict[int, tuple[int, ...]]:
    """The same of an open file, or of an EXIF block, which is a TIFF without a picture. Raises NotTiff."""
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None or len(head) < 8:
        raise NotTiff
    try:
        return _entries(file, order, *struct.unpack(f"{order}I", head[4:]))
    except (struct.error, OverflowError):
        raise NotTiff from None


def is_drawn_right(tags: dict[int, tuple[int, ...]]) -> bool:
    """True if ffmpeg draws such a TIFF as it is meant."""
    return _TILE_WIDTH not in tags and all(set(tags.get(tag, ())) <= known for tag, known in _DRAWN.items())


def picture_end(tags: dict[int, tuple[int, ...]]) -> int:
    """How many bytes the file must have to hold the whole picture."""
    return max(map(sum, zip(tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_BYTES, ()), strict=False)), default=0)


def _entries(file: BinaryIO, order: str, at: int) -> dict[int, tuple[int, ...]]:
    file.seek(at)
    (count,) = struct.unpack(f"{order}H", file.read(2))
    table = file.read(12 * count)
    found: dict[int, tuple[int, ...]] = {}
    for tag, kind, length, value in struct.iter_unpack(f"{order}HHI4s", table):
        if tag not in _READ or tag in found or kind not in _KINDS or length > _MOST_VALUES:
            continue
        layout = f"{order}{length}{_KINDS[kind]}"
        size = struct.calcsize(layout)
        if size > 4:
            file.seek(struct.unpack(f"{order}I", value)[0])
        found[tag] = struct.unpack(layout, file.read(size) if size > 4 else value[:size])
    return found
