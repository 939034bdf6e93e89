"""Check the markers of a JPEG: misplaced ones, and a missing end marker.

No library reports this: libjpeg fills missing data with gray and continues, and Pillow drops its warnings.
"""

from __future__ import annotations

import io
import mmap
import re
from typing import BinaryIO

from PIL import Image, ImageChops

from gpu_worker.photo.formats import open_picture
from gpu_worker.photo.jpeg_length import EOI, NOISE

_START_OF_SCAN, _END, _PADDING = 0xDA, 0xD9, 0xFF
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Markers that are invalid in the data of a scan; stuffed bytes, restarts and fill bytes are valid."""
_BETWEEN_SCANS = {0xC4, _START_OF_SCAN, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}


class JpegMarkers:
    """The markers found in a JPEG.

    `end`: the offset of its end marker, None if it has none; `is_damaged`: a marker is where data must be.
    """

    def __init__(self, file: BinaryIO) -> None:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = _find_end(data)
            self.is_damaged = at is not None and data[at + 1] != _END
        self.end = at


def load_without_end(file: BinaryIO) -> Image.Image | None:
    """Decode a JPEG that has no end marker; None if part of its picture is missing, too.

    Data after the last row changes nothing. So the file is decoded a second time with noise appended: if the noise is
    visible, data was missing.
    """
    file.seek(0)
    data = file.read().rstrip(b"\xff")
    whole, noisy = (open_picture(io.BytesIO(data + rest + EOI), "JPEG") for rest in (b"", NOISE))
    if ImageChops.difference(whole.convert(whole.mode), noisy.convert(noisy.mode)).getbbox() is not None:
        return None
    return whole


def _find_end(data: mmap.mmap) -> int | None:
    """Return the offset of the end marker, or of the first misplaced marker; None if there is neither."""
    at, in_scan = 2, False
    while at + 4 <= len(data):
        if in_scan:
            match = _MARKER.search(data, at)
            if match is None:
                return None
            at, kind = match.start(), data[match.start() + 1]
            if kind not in _BETWEEN_SCANS:
                return at
        elif data[at] != _PADDING:
            return None  # damaged before the picture: the decoder reports the error
        kind = data[at + 1]
        if kind == _PADDING:
            at += 1
            continue
        in_scan = in_scan or kind == _START_OF_SCAN
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return len(data) - 2 if data[-2:] == EOI else None
