"""Picture files that no library writes: 16-bit and transparent PNG, odd TIFF, and color profiles."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

Color = tuple[int, int, int]
Pair = tuple[float, float]

PATCHES: tuple[Color, ...] = (
    (0, 255, 0), (255, 238, 0), (200, 30, 60), (20, 60, 220), (128, 128, 128), (255, 255, 255),
)  # fmt: skip
PATCH = 64
WIDTH, HEIGHT = PATCH * len(PATCHES), 192

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
"""PNG color types."""


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(size: tuple[int, int], depth: int, kind: int, row: bytes, extra: bytes = b"") -> bytes:
    """Return a PNG whose rows are all the same."""
    header = struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, 0)
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(b"\0" + row) for _ in range(size[1])) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )  # fmt: skip


def patches_png(depth: int, kind: int, opacity: int | None = None, extra: bytes = b"") -> bytes:
    """Return the patches side by side; gray types contain their green channel."""
    top = 2**depth - 1

    def pixel(color: Color) -> bytes:
        values = (color[1],) if kind in {GRAY, GRAY_ALPHA} else color
        scaled = [value * top // 255 for value in (*values, *(() if opacity is None else (opacity,)))]
        return struct.pack(f">{len(scaled)}{'B' if depth == 8 else 'H'}", *scaled)

    row = b"".join(pixel(color) * PATCH for color in PATCHES)
    return png((WIDTH, HEIGHT), depth, kind, row, extra)


def tiff(tags: Mapping[int, tuple[str, Sequence[int]]], strips: Sequence[bytes], *, order: str = "<") -> bytes:
    """Return a TIFF with these tags (struct letter, values); offsets and sizes of strips or tiles are added."""
    places, at = [], 8
    for strip in strips:
        places.append(at)
        at += len(strip)
    tiled = 322 in tags
    all_tags = {
        **tags, 256: ("I", [WIDTH]), 257: ("I", [HEIGHT]),
        324 if tiled else 273: ("I", places), 325 if tiled else 279: ("I", [len(strip) for strip in strips]),
    }  # fmt: skip
    entries, overflow, start = b"", b"", at + 2 + 12 * len(all_tags) + 4
    for tag, (letter, values) in sorted(all_tags.items()):
        data = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(data) > 4:
            data, overflow = struct.pack(f"{order}I", start + len(overflow)), overflow + data
        entries += struct.pack(f"{order}HHI4s", tag, {"H": 3, "I": 4}[letter], len(values), data)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    table = struct.pack(f"{order}H", len(all_tags)) + entries + bytes(4)
    return head + b"".join(strips) + table + overflow


P3: tuple[Pair, Pair, Pair] = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB: tuple[Pair, Pair, Pair] = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
SRGB: tuple[Pair, Pair, Pair] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))

_Matrix = list[list[float]]
_BRADFORD: _Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
_D50, _D65 = [[0.9642], [1.0], [0.8249]], [[0.95046], [1.0], [1.08906]]


def icc_profile(primaries: tuple[Pair, Pair, Pair], gamma: float | None = None, *, table: bool = False) -> bytes:
    """Return an ICC profile with these primaries, white D65 and a gamma; without it, sRGB's curve or table."""
    columns = [[x / y for x, y in primaries], [1.0] * 3, [(1 - x - y) / y for x, y in primaries]]
    strengths = _times(_inverse(columns), _D65)
    scaled = [[cell * strengths[at][0] for at, cell in enumerate(row)] for row in columns]
    source_white, target_white = _times(_BRADFORD, _D65), _times(_BRADFORD, _D50)
    shift = [[target_white[i][0] / source_white[i][0] if i == j else 0.0 for j in range(3)] for i in range(3)]
    matrix = _times(_times(_inverse(_BRADFORD), _times(shift, _BRADFORD)), scaled)
    if table:
        values = (x / 1023 / 12.92 if x < 41 else ((x / 1023 + 0.055) / 1.055) ** 2.4 for x in range(1024))
        curve = b"curv" + bytes(4) + struct.pack(">I1024H", 1024, *(round(value * 65535) for value in values))
    elif gamma is None:
        curve = b"para" + bytes(4) + b"\0\3\0\0" + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    else:
        curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {
        name: b"XYZ " + bytes(4) + _fixed(*(row[at] for row in matrix))
        for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve) | {
        b"wtpt": b"XYZ " + bytes(4) + _fixed(0.9642, 1, 0.8249)
    }
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head = (head + bytes(12) + b"acsp" + bytes(28) + _fixed(0.9642, 1, 0.8249)).ljust(128, b"\0")
    return head + struct.pack(">I", len(tags)) + table + body


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _times(left: _Matrix, right: _Matrix) -> _Matrix:
    return [
        [sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*right, strict=True)] for row in left
    ]


def _inverse(matrix: _Matrix) -> _Matrix:
    def minor(i: int, j: int) -> float:
        a, b = ((i + 1) % 3, (i + 2) % 3), ((j + 1) % 3, (j + 2) % 3)
        return matrix[a[0]][b[0]] * matrix[a[1]][b[1]] - matrix[a[0]][b[1]] * matrix[a[1]][b[0]]

    whole = sum(matrix[0][j] * minor(0, j) for j in range(3))
    return [[minor(j, i) / whole for j in range(3)] for i in range(3)]
