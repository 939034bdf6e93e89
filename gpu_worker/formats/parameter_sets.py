"""Identify the parameter sets of an MP4 file's video (ISO/IEC 14496-15): what its decoder needs before any frame.

Videos whose packets are written one after the other into one file share those of the first. A decoder must also be
able to start at the first frame of each: in H.264 and HEVC, at an IDR picture.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gpu_worker.formats.mp4_boxes import (
    Box,
    Mp4Error,
    find_child,
    read_bytes,
    read_children,
    read_number,
    whole_file,
)
from gpu_worker.sandbox.safe_open import open_read

_ENTRY_FIELDS = 78
"""Bytes of a video's sample entry before the boxes in it."""

_MAX_BYTES = 64 * 1024
_MAX_UNITS = 64
"""Units that are read to find the first one with a picture."""


class _Codec(NamedTuple):
    """The box with the parameter sets, the byte in it with the width of lengths, and the types of NAL units."""

    box: bytes
    length_at: int
    pictures: range
    resets: frozenset[int]

    def unit_type(self, header: int) -> int:
        return header & 31 if self.box == b"avcC" else header >> 1 & 63


_H264 = _Codec(b"avcC", 4, range(1, 6), frozenset({5}))
_HEVC = _Codec(b"hvcC", 21, range(32), frozenset({19, 20}))
_CODECS = {b"avc1": _H264, b"hvc1": _HEVC, b"hev1": _HEVC}
"""By kind of the sample entry. `avc3` is missing: its parameter sets are among the frames."""


def read_parameter_sets(path: Path) -> str | None:
    """Return a hash of the parameter sets, in hex. None if they are unknown, or the first frame is no IDR picture.

    They are known for files with exactly one video track, whose format does not change.
    """
    with open_read(path) as file, contextlib.suppress(Mp4Error):
        tables = [_sample_tables(file, box) for box in _list_video_tracks(file)]
        if len(tables) == 1:
            return _hash_parameter_sets(file, tables[0])
    return None


def _list_video_tracks(file: BinaryIO) -> Iterator[Box]:
    movie = find_child(file, whole_file(file), b"moov")
    for box in read_children(file, movie):
        if box.kind == b"trak":
            handler = find_child(file, find_child(file, box, b"mdia"), b"hdlr")
            if read_bytes(file, handler, 8, 4) == b"vide":
                yield box


def _sample_tables(file: BinaryIO, track: Box) -> Box:
    box = track
    for kind in (b"mdia", b"minf", b"stbl"):
        box = find_child(file, box, kind)
    return box


def _hash_parameter_sets(file: BinaryIO, tables: Box) -> str | None:
    descriptions = find_child(file, tables, b"stsd")
    # The entries follow the version and the number of entries.
    entries = list(read_children(file, Box(b"stsd", descriptions.start + 8, descriptions.end)))
    codec = _CODECS.get(entries[0].kind) if len(entries) == 1 else None
    if codec is None:
        return None
    box = find_child(file, Box(b"", entries[0].start + _ENTRY_FIELDS, entries[0].end), codec.box)
    size = min(box.end - box.start, _MAX_BYTES)
    data = read_bytes(file, box, 0, size)
    if size <= codec.length_at or not _starts_with_reset(file, tables, codec, (data[codec.length_at] & 3) + 1):
        return None
    return hashlib.sha256(entries[0].kind + data).hexdigest()[:32]


def _starts_with_reset(file: BinaryIO, tables: Box, codec: _Codec, length_size: int) -> bool:
    """Return True if the first picture of the first sample resets the decoder."""
    everything, position = whole_file(file), _first_sample(file, tables)
    for _ in range(_MAX_UNITS):
        length = read_number(file, everything, position, length_size).value
        kind = codec.unit_type(read_bytes(file, everything, position + length_size, 1)[0])
        if kind in codec.pictures:
            return kind in codec.resets
        position += length_size + length
    return False


def _first_sample(file: BinaryIO, tables: Box) -> int:
    """Return the position of the first sample, which is that of the first chunk."""
    for box in read_children(file, tables):
        if box.kind in {b"stco", b"co64"}:
            return read_number(file, box, 8, 4 if box.kind == b"stco" else 8).value
    raise Mp4Error("no chunks")
