"""JPEG: markers that should not be there, and pictures that lack their end marker.

libjpeg fills what is missing with gray and goes on; Pillow does not pass its warnings on.
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
"""All that may not stand in the data of a scan: stuffed bytes, restarts and fill bytes may."""
_BETWEEN_SCANS = {0xC4, _START_OF_SCAN, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}


class Ending:
    """The markers found in a JPEG.

    `at` is where its end marker is, None if it has none; `damaged` says that a marker stands where data must be.
    """

    def __init__(self, file: BinaryIO) -> None:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = _walk(data)
            self.damaged = at is not None and data[at + 1] != _END
        self.at = at


def load_without_end(file: BinaryIO) -> Image.Image | None:
    """Decode a JPEG that has no end marker; None if part of its picture is missing, too.

    Whatever follows the last row changes nothing. So the file is decoded with noise behind it as well:
    where that is seen, data was missing.
    """
    file.seek(0)
    data = file.read().rstrip(b"\xff")
    whole, noisy = (open_picture(io.BytesIO(data + rest + EOI), "JPEG") for rest in (b"", NOISE))
    if ImageChops.difference(whole.convert(whole.mode), noisy.convert(noisy.mode)).getbbox() is not None:
        return None
    return whole


def _walk(data: mmap.mmap) -> int | None:
    """Find the marker at which reading ends: the end of the picture, or one of no use in it; None if none comes."""
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
            return None  # damaged before the picture: the decoder says what is wrong
        kind = data[at + 1]
        if kind == _PADDING:
            at += 1
            continue
        in_scan = in_scan or kind == _START_OF_SCAN
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return len(data) - 2 if data[-2:] == EOI else None
