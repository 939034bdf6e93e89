"""ICC profiles that Pillow cannot make: gray ones, and tables for RGB and CMYK (ICC.1:2022, 10.6 and 10.10)."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable

Triple = tuple[float, float, float]
_D50: Triple = (0.9642, 1.0, 0.8249)


def gray(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))})


def dot_gain(gain: float = 0.2) -> bytes:
    """A gray of ink on paper: half a tone of dots covers half of the paper, and `gain` more."""
    coverage = [1 - x / 255 for x in range(256)]
    light = [1 - min(1.0, dots + gain * 4 * dots * (1 - dots)) for dots in coverage]
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _curve(light)})


def rgb_table() -> bytes:
    """A scanner's profile: a table, with red and blue a little mixed."""
    return _profile(b"RGB ", b"Lab ", {b"A2B0": _table(3, lambda r, g, b: _lab((0.8 * r + 0.2 * b, g, b)))}, b"scnr")


def cmyk_table() -> bytes:
    """A press like SWOP: inks are not ideal, and black is not quite black."""

    def printed(c: float, m: float, y: float, k: float) -> Triple:
        light = (1 - 0.95 * c) * (1 - 0.1 * m), (1 - 0.3 * c) * (1 - 0.9 * m), (1 - 0.1 * m) * (1 - 0.85 * y)
        return _lab(tuple(value * (1 - 0.93 * k) for value in light))  # type: ignore[arg-type]

    return _profile(b"CMYK", b"Lab ", {b"A2B0": _table(4, printed)}, b"prtr")


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr") -> bytes:
    tags = {**tags, b"wtpt": b"XYZ " + bytes(4) + _fixed(*_D50)}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, kind, space, connection)
    head = (head + bytes(12) + b"acsp" + bytes(28) + _fixed(*_D50)).ljust(128, b"\0")
    return head + struct.pack(">I", len(tags)) + table + body


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve(values: list[float]) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *(round(v * 65535) for v in values))


def _table(inputs: int, shown: Callable[..., Triple], grid: int = 7) -> bytes:
    """A table of 8 bits (`mft1`) between straight curves; `shown` gives L*, a* and b*."""
    steps = [at / (grid - 1) for at in range(grid)]
    cells = bytearray()
    for place in itertools.product(steps, repeat=inputs):
        light, a, b = shown(*place)
        cells += bytes(max(0, min(255, round(value))) for value in (light * 2.55, a + 128, b + 128))
    head = b"mft1" + bytes(4) + struct.pack(">BBBx", inputs, 3, grid) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return head + bytes(range(256)) * inputs + bytes(cells) + bytes(range(256)) * 3


def _lab(linear: Triple) -> Triple:
    """L*, a*, b* (D50) of linear sRGB."""
    r, g, b = linear
    rows = (0.4361, 0.3851, 0.1431), (0.2225, 0.7169, 0.0606), (0.0139, 0.0971, 0.7141)
    xyz = [across * r + down * g + deep * b for across, down, deep in rows]
    x, y, z = (_root(value / white) for value, white in zip(xyz, _D50, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116
