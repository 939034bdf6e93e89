"""Whether a picture file is all there.

ffmpeg draws what it has of a photo cut off in transit and calls it a success; the lower part is grey.
"""

from __future__ import annotations

from pathlib import Path

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA


def is_cut_off(path: Path) -> bool:
    """True if a JPEG, PNG or WebP file ends before its format says it does; False for any other format."""
    data = path.read_bytes()
    if data.startswith(_SOI):
        return _EOI not in data[_first_scan(data) :]
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in data
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    return False


def _first_scan(data: bytes) -> int:
    """Where the picture itself begins: past the EXIF block, whose thumbnail has an end marker of its own."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            return at
        if marker == 0xFF:
            at += 1  # padding before a marker
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at
