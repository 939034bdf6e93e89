"""Read boxes, the tree structure of MP4 files (ISO/IEC 14496-12), without trusting any size that a file states."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAX_BOXES = 1000
"""Limit per level. Files that ffmpeg writes have a handful."""


class Mp4Error(Exception):
    """The file does not have the structure of those that ffmpeg writes. It has not been changed."""


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned number in the file: its position and width in bytes, and its value."""

    position: int
    width: int
    value: int

    def write(self, file: BinaryIO, value: int) -> None:
        file.seek(self.position)
        file.write(value.to_bytes(self.width, "big"))


@dataclass(frozen=True, slots=True)
class Box:
    """A box; `start` and `end` are the positions of its content, without its header."""

    kind: bytes
    start: int
    end: int


def whole_file(file: BinaryIO) -> Box:
    """Return the file itself as the box that contains all others."""
    return Box(b"", 0, file.seek(0, 2))


def find_child(file: BinaryIO, parent: Box, kind: bytes) -> Box:
    """Return the first child of that kind. Raises Mp4Error if there is none."""
    for box in read_children(file, parent):
        if box.kind == kind:
            return box
    raise Mp4Error(f"no {kind!r}")


def read_children(file: BinaryIO, parent: Box) -> Iterator[Box]:
    """Yield the boxes in a box. Raises Mp4Error at the first one that does not fit."""
    position = parent.start
    for _ in range(_MAX_BOXES):
        if position >= parent.end:
            return
        size, kind = struct.unpack(">I4s", read_bytes(file, parent, position - parent.start, 8))
        start = position + 8
        if size == 1:  # a 64-bit size follows
            size, start = read_number(file, parent, position + 8 - parent.start, 8).value, position + 16
        if not start <= position + size <= parent.end:
            raise Mp4Error("a box that does not fit")
        yield Box(kind, start, position + size)
        position += size
    raise Mp4Error("too many boxes")


def read_version(file: BinaryIO, box: Box) -> int:
    """Return the version of a full box; version 1 has 64-bit times."""
    return read_bytes(file, box, 0, 1)[0]


def read_number(file: BinaryIO, box: Box, offset: int, width: int) -> Number:
    """Read the number at an offset in a box. Raises Mp4Error if the box is too short."""
    return Number(box.start + offset, width, int.from_bytes(read_bytes(file, box, offset, width), "big"))


def read_bytes(file: BinaryIO, box: Box, offset: int, size: int) -> bytes:
    """Read bytes at an offset in a box. Raises Mp4Error if the box or the file is too short."""
    if box.start + offset + size > box.end:
        raise Mp4Error("a box that is too short")
    file.seek(box.start + offset)
    data = file.read(size)
    if len(data) != size:
        raise Mp4Error("a file that is too short")
    return data
