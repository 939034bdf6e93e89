"""How a photo is to be turned, for files where ffmpeg does not say.

It heeds the EXIF of a JPEG from its first versions on, that of PNG, WebP and TIFF only from 8 on. So those are
read here, and ffmpeg is told to leave them alone.
"""

from __future__ import annotations

import io
import mmap
from pathlib import Path

from gpu_worker.chunks import chunks
from gpu_worker.jobfiles import opened
from gpu_worker.tiff import ORIENTATION, NotTiff, tags_in

_BLOCKS = {b"eXIf", b"EXIF"}
_PREFIX = b"Exif\0\0"
"""A JPEG has it in front of the block, and some writers of WebP keep it."""


def read_orientation(path: Path) -> int:
    """The EXIF orientation of a PNG, WebP or TIFF file, 1 to 8. 1, upright, for all others and where none is stated."""
    with opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        block = next((data[place] for name, place in chunks(data) if name in _BLOCKS), None)
        try:
            tags = tags_in(file if block is None else io.BytesIO(block.removeprefix(_PREFIX)))
        except NotTiff:
            return 1
    value = next(iter(tags.get(ORIENTATION, ())), 1)
    return value if 1 <= value <= 8 else 1
