"""Detect damaged JPEGs by their data: it has more or fewer rows than the header states. No library checks this.

After a flipped bit, the decoder reads wrong code lengths to the end, and often has data left there, or too little. So
the picture is decoded, at an eighth of its size, as if it were two rows of blocks taller. In an intact file there is no
data for those rows, so they have one color.
"""

from __future__ import annotations

import io
import struct
from enum import Enum
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageChops

from gpu_worker.photo.formats import open_picture

EOI = b"\xff\xd9"
NOISE = bytes(range(1, 251)) * 16
"""Meaningless data: where it is visible, the file had none."""

_HUFFMAN_FRAMES, _START_OF_SCAN, _RESTART_INTERVAL = {0xC0, 0xC1, 0xC2}, 0xDA, 0xDD
_BLOCK = 8
_MAX_HEIGHT = 65_500
"""libjpeg's limit."""


class Length(Enum):
    """The length of a JPEG's data compared with its picture."""

    MATCH = "match"
    MISMATCH = "mismatch"
    """There is data left, or the last row of blocks is incomplete."""
    TRUNCATED = "truncated"
    """Whole rows are missing."""


class _Frame(NamedTuple):
    """The offset of the header, the size of a block group (MCU) in blocks, and the rows of groups."""

    at: int
    rows: int
    columns: int
    groups: int


def compare_length(file: BinaryIO, end: int) -> Length:
    """Compare the data of a JPEG, whose end marker is at offset `end`, with the size of its picture."""
    file.seek(0)
    data = bytearray(file.read(end))
    frame = _read_frame(data)
    taller = (frame.groups + 2) * _BLOCK * frame.rows if frame else _MAX_HEIGHT
    if frame is None or taller >= _MAX_HEIGHT:
        return Length.MATCH
    struct.pack_into(">H", data, frame.at + 5, taller)
    image = _decode_small(data + EOI)
    bottom = frame.groups * frame.rows
    # The first surplus group may show the padding bits of the last byte.
    wide = image.width > 2 * frame.columns
    left, top = (2 * frame.columns, bottom) if wide else (0, bottom + frame.rows)
    below = image.crop((left, top, image.width, image.height))
    if not _is_one_color(below):
        return Length.MISMATCH
    no_data_color = below.getpixel((0, 0))
    if image.getpixel((image.width - 1, bottom - 1)) != no_data_color:
        return Length.MATCH
    visible = (0, 0, image.width, bottom)
    if not ImageChops.difference(image.crop(visible), _decode_small(data + NOISE + EOI).crop(visible)).getbbox():
        return Length.MATCH  # the picture itself ends in that color
    last = image.crop((0, bottom - frame.rows, image.width, bottom))
    return Length.TRUNCATED if _is_one_color(last) and last.getpixel((0, 0)) == no_data_color else Length.MISMATCH


def _decode_small(data: bytearray) -> Image.Image:
    image = open_picture(io.BytesIO(data), "JPEG")
    image.draft(None, (1, 1))
    image.load()
    return image


def _is_one_color(image: Image.Image) -> bool:
    return all(len(set(band.tobytes())) == 1 for band in image.split())


def _read_frame(data: bytearray) -> _Frame | None:
    """Read the frame header; None if the check does not apply to the file.

    Only Huffman coding draws one color when its data ends, and restarts change that color.
    """
    at, found = 2, None
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _START_OF_SCAN:
        kind = data[at + 1]
        if kind == _RESTART_INTERVAL and any(data[at + 4 : at + 6]):
            return None
        if kind in _HUFFMAN_FRAMES:
            found = at
        at += 1 if kind == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    if found is None:
        return None
    height, width, components = struct.unpack_from(">HHB", data, found + 5)
    if width < _BLOCK:
        return None  # too narrow to be decoded at an eighth of its size
    factors = [data[found + 11 + 3 * number] for number in range(components)] if components > 1 else [0x11]
    rows, columns = max(factor & 15 for factor in factors), max(factor >> 4 for factor in factors)
    return _Frame(found, rows, columns, -(-height // (_BLOCK * rows)))
