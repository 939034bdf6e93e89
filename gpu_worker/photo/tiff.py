"""Check the first directory of a TIFF: Pillow reads a raw photo's thumbnail, and does not report truncated files."""

from __future__ import annotations

import struct
from typing import BinaryIO

from PIL import TiffImagePlugin

_BIG = 43
_DNG_VERSION, _SUB_IFDS, _SUBFILE_TYPE, _PHOTOMETRIC = 50706, 330, 254, 262
_SENSOR_DATA = {32803, 34892}
"""Values of PhotometricInterpretation: color filter array and linear raw."""
_STRIPS, _TILES = (273, 279), (324, 325)
"""Tags with the offsets and sizes of the parts of a picture."""
_ERRORS = (OSError, ValueError, TypeError, KeyError, IndexError, SyntaxError, struct.error)


def is_raw_photo(file: BinaryIO) -> bool:
    """Detect raw photos that are TIFF files (DNG, NEF, ARW, CR2): Pillow would read their thumbnail."""
    file.seek(8)
    if file.read(2) == b"CR":
        return True
    try:
        tags = _read_directory(file)
        thumbnail = _SUB_IFDS in tags and bool(tags.get(_SUBFILE_TYPE, 0) & 1)
        return _DNG_VERSION in tags or thumbnail or tags.get(_PHOTOMETRIC) in _SENSOR_DATA
    except _ERRORS:
        return False


def is_truncated(file: BinaryIO, size: int) -> bool:
    """Return True if the directory or a part of the picture is beyond the `size` of the file."""
    try:
        tags = _read_directory(file)
        parts = [
            offset + length
            for offsets, lengths in (_STRIPS, _TILES)
            for offset, length in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False)
        ]
    except _ERRORS:
        return True
    return max(parts, default=size + 1) > size


def _read_directory(file: BinaryIO) -> TiffImagePlugin.ImageFileDirectory_v2:
    file.seek(0)
    head = file.read(8)
    if _BIG in head[2:4]:
        head += file.read(8)
    tags = TiffImagePlugin.ImageFileDirectory_v2(head)
    file.seek(tags.next)
    tags.load(file)
    return tags
