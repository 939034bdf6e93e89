"""The colour profile in a photo. ffmpeg carries it along and draws the picture as if it were not there."""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from gpu_worker.chunks import chunks
from gpu_worker.jobfiles import opened
from gpu_worker.plan.gamut import SRGB, Curve, Profile, Vector
from gpu_worker.tiff import PROFILE, NotTiff, read_tags

_MOST_BYTES = 4 * 1024**2
"""Of a profile: those of printers have 2 MB, and none of one curve has more than a hundredth of that."""
_MOST_ENTRIES = 65_536
"""Of a curve's table: one for each value of 16 bits."""
_GAMMAS = (0.1, 10.0)
_MOST = 100.0
"""Of the other numbers in a formula, which are 12.92 at most in sRGB's. Beyond it a power may overflow."""
_PARAMETERS = {0: 1, 3: 5}
"""How many numbers the formulas have that photos come with: a power, and one with a straight piece at the dark end."""
_APP2, _START_OF_SCAN = 0xE2, 0xDA


def read_profile(path: Path) -> Profile | None:
    """The profile of a JPEG, PNG, WebP or TIFF, if it means other colours than sRGB.

    None if there is none, or not one of three primaries and a curve.
    """
    try:
        with opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            profile = _parsed(_embedded(data) or bytes(read_tags(path).get(PROFILE, ())))
            return None if profile is None or profile.is_srgb else profile
    except (NotTiff, LookupError, ValueError, OverflowError, struct.error, zlib.error):
        return None


def _embedded(data: mmap.mmap) -> bytes:
    if data[:2] == b"\xff\xd8":
        parts = [body for marker, body in _segments(data) if marker == _APP2 and body.startswith(b"ICC_PROFILE\0")]
        # They are numbered with a byte.
        return b"".join(part[14:] for part in sorted(parts[:255], key=lambda part: part[12]))[:_MOST_BYTES]
    for name, place in chunks(data):
        if name == b"iCCP":
            packed = data[place]
            return zlib.decompressobj().decompress(packed[packed.index(b"\0") + 2 :], _MOST_BYTES)
        if name == b"ICCP":
            return data[place.start : min(place.stop, place.start + _MOST_BYTES)]
    return b""


def _segments(data: mmap.mmap) -> Iterator[tuple[int, bytes]]:
    """The marker segments of a JPEG in front of its picture."""
    at = 2
    while data[at] == 0xFF and data[at + 1] != _START_OF_SCAN:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], data[at + 4 : end]
        at = end


def _parsed(profile: bytes) -> Profile | None:
    if profile[16:24] != b"RGB XYZ ":
        return None
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {
        name: profile[start : start + size]
        for name, start, size in struct.iter_unpack(">4sII", profile[132 : 132 + 12 * min(count, 100)])
    }
    red, green, blue = (_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ"))
    return Profile((red, green, blue), _curve(tags[b"gTRC"]))


def _xyz(tag: bytes) -> Vector:
    x, y, z = (value / 65536 for value in struct.unpack_from(">3i", tag, 8))
    return x, y, z


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        gamma, *rest = (value / 65536 for value in struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12))
        return _formula(gamma, *rest)
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return Curve(1.0)
    if count > _MOST_ENTRIES:
        raise ValueError("a table of too many entries")
    entries = struct.unpack_from(f">{count}H", tag, 12)
    if count == 1:
        return _formula(entries[0] / 256)
    return _nearest([entry / 65535 for entry in entries])


def _formula(gamma: float, *rest: float) -> Curve:
    """Raises ValueError if these numbers cannot be a curve."""
    if not _GAMMAS[0] <= gamma <= _GAMMAS[1] or any(abs(value) > _MOST for value in rest):
        raise ValueError("not a curve")
    return Curve(gamma, *rest)


def _nearest(table: list[float]) -> Curve:
    """A table as a formula: sRGB's where it is that one, else the power that goes through its middle."""
    last = len(table) - 1
    if all(abs(table[round(last * x / 8)] - SRGB.light(round(last * x / 8) / last)) < 0.01 for x in range(9)):
        return SRGB
    middle = last // 2
    return _formula(math.log(table[middle]) / math.log(middle / last))
