"""The parts of PNG and WebP files: each has a name of four letters and a length."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

_PNG = b"\x89PNG\r\n\x1a\n"


def chunks(data: bytes | mmap.mmap) -> Iterator[tuple[bytes, slice]]:
    """The name of each chunk and where its content lies in `data`; none if that is no PNG and no WebP.

    What follows a damaged length is not looked for.
    """
    if data[:8] == _PNG:
        at = 8
        while at + 8 <= len(data):
            size, name = struct.unpack_from(">I4s", data, at)
            yield name, slice(at + 8, at + 8 + size)
            at += 12 + size  # a checksum at the end
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        at = 12
        while at + 8 <= len(data):
            name, size = struct.unpack_from("<4sI", data, at)
            yield name, slice(at + 8, at + 8 + size)
            at += 8 + size + size % 2
