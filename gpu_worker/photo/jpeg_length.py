"""Detect damaged JPEGs: their data holds more of a picture than its header says, or less.

A changed bit has all that follows read with wrong code lengths, and nothing in the format says so, unless at the
end: often there is data left, or too little. So the picture is decoded, at an eighth of its size, as if it were
two rows of blocks taller. Of an intact one nothing is there to draw them with, and they are one plain color.
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
"""Data of no meaning: where it is drawn, there was none."""

_HUFFMAN_FRAMES, _START_OF_SCAN, _RESTART_INTERVAL = {0xC0, 0xC1, 0xC2}, 0xDA, 0xDD
_BLOCK = 8
_TALLEST = 65_500
"""libjpeg takes no more lines."""


class Length(Enum):
    """The length of a JPEG's data compared with its picture."""

    RIGHT = "right"
    OFF = "off"
    """There is data left, or the last row of blocks is not complete."""
    SHORT = "short"
    """Whole rows are missing."""


class _Frame(NamedTuple):
    """The position of the header, and the picture as groups of blocks, counted in blocks and from the top."""

    at: int
    rows: int
    columns: int
    groups: int


def judge_length(file: BinaryIO, end: int) -> Length:
    """Compare the data of a JPEG, whose end marker is at `end`, with the size of its picture."""
    file.seek(0)
    data = bytearray(file.read(end))
    frame = _frame(data)
    taller = (frame.groups + 2) * _BLOCK * frame.rows if frame else _TALLEST
    if frame is None or taller >= _TALLEST:
        return Length.RIGHT
    struct.pack_into(">H", data, frame.at + 5, taller)
    image = _small(data + EOI)
    bottom = frame.groups * frame.rows
    # The first group that is too many may show what fills the last byte of the data.
    wide = image.width > 2 * frame.columns
    left, top = (2 * frame.columns, bottom) if wide else (0, bottom + frame.rows)
    beyond = image.crop((left, top, image.width, image.height))
    if not _is_plain(beyond):
        return Length.OFF
    nothing = beyond.getpixel((0, 0))
    if image.getpixel((image.width - 1, bottom - 1)) != nothing:
        return Length.RIGHT
    visible = (0, 0, image.width, bottom)
    if not ImageChops.difference(image.crop(visible), _small(data + NOISE + EOI).crop(visible)).getbbox():
        return Length.RIGHT  # it only looks as if nothing had been there
    last = image.crop((0, bottom - frame.rows, image.width, bottom))
    return Length.SHORT if _is_plain(last) and last.getpixel((0, 0)) == nothing else Length.OFF


def _small(data: bytearray) -> Image.Image:
    image = open_picture(io.BytesIO(data), "JPEG")
    image.draft(None, (1, 1))
    image.load()
    return image


def _is_plain(image: Image.Image) -> bool:
    return all(len(set(band.tobytes())) == 1 for band in image.split())


def _frame(data: bytearray) -> _Frame | None:
    """Read the header of the frame; None if such a picture cannot be judged.

    Only Huffman's coding draws plainly when its data ends, and at restarts the color of what it draws changes.
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
