"""What a PNG holds packed besides its picture.

ffmpeg up to 7 unpacks all of it before it draws anything: a file of a megabyte can take a gigabyte of memory.
"""

from __future__ import annotations

import mmap
import zlib
from pathlib import Path

from gpu_worker.chunks import chunks
from gpu_worker.jobfiles import opened

_MOST_BYTES = 32 * 1024**2
"""Of texts and profiles together. Profiles of printers have 2 MB, descriptions by photo editors less."""


def unpacks_to_much(path: Path) -> bool:
    """True if the texts and the profile of a PNG file are more than any photo needs; False for any other file."""
    left = _MOST_BYTES
    if not path.stat().st_size:
        return False
    with opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for name, place in chunks(data):
            if name in {b"zTXt", b"iTXt", b"iCCP"}:
                left -= _unpacked(_packed(name, data[place]), left)
                if left <= 0:
                    return True
    return False


def _packed(name: bytes, content: bytes) -> bytes:
    """What follows the keyword, the method and, in an `iTXt`, language and translation."""
    _keyword, _, rest = content.partition(b"\0")
    if name != b"iTXt":
        return rest[1:]
    _language, _, rest = rest[2:].partition(b"\0")
    return rest.partition(b"\0")[2]


def _unpacked(packed: bytes, most: int) -> int:
    try:
        return len(zlib.decompressobj().decompress(packed, most))
    except zlib.error:
        return 0
