"""What is read from photos besides their pictures, and what ffmpeg 7 says in other words than later ones."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from gpu_worker.exif import read_orientation
from gpu_worker.packed import unpacks_to_much
from gpu_worker.streams import StreamDump
from tests.worker.pictures import GREY, chunk, png


def block(value: int, order: str = "<") -> bytes:
    """An EXIF block that states one orientation."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IHHHIHHI", 8, 1, 274, 3, 1, value, 0, 0)


def small_png(*extra: bytes) -> bytes:
    return png((4, 4), 8, GREY, bytes(4), b"".join(extra))


def webp(exif: bytes) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, "WEBP", exif=exif)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "orientation"),
    [
        (small_png(chunk(b"eXIf", block(6))), 6),
        (small_png(chunk(b"eXIf", block(8, ">"))), 8),
        (small_png(chunk(b"eXIf", block(9))), 1),
        (small_png(chunk(b"eXIf", block(6)[:15])), 1),
        (small_png(chunk(b"eXIf", b"")), 1),
        (small_png(), 1),
        (small_png(chunk(b"eXIf", block(6)))[:40], 1),
        (webp(block(3)), 3),
        (webp(b"Exif\0\0" + block(3)), 3),
        (block(5), 5),
        (b"GIF89a", 1),
        (b"\xff\xd8\xff\xe1\x00\x28Exif\0\0" + block(6), 1),
    ],
)
def test_the_orientation_of_a_photo(tmp_path: Path, data: bytes, orientation: int) -> None:
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert read_orientation(path) == orientation


def packed(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 1024**2), 1)


@pytest.mark.parametrize(
    ("data", "much"),
    [
        (small_png(chunk(b"zTXt", b"k\0\0" + packed(31))), False),
        (small_png(chunk(b"zTXt", b"k\0\0" + packed(33))), True),
        (small_png(*[chunk(b"iTXt", b"k\0\1\0en\0\0" + packed(8))] * 4), True),
        (small_png(chunk(b"iCCP", b"k\0\0" + packed(16)), chunk(b"zTXt", b"k\0\0" + packed(17))), True),
        (small_png(chunk(b"iTXt", b"k\0\0\0en\0\0" + bytes(33 * 1024**2))), False),
        (small_png(chunk(b"zTXt", b"k\0\0not deflated")), False),
        (b"", False),
    ],
    ids=["enough", "too much", "a sum of texts", "a sum of kinds", "not packed", "damaged", "empty"],
)
def test_what_unpacks_to_much(tmp_path: Path, data: bytes, much: bool) -> None:
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert unpacks_to_much(path) is much


@pytest.mark.parametrize(("indent", "opacity"), [(6, True), (8, True), (4, False), (10, False)])
def test_webm_says_that_it_has_opacity(indent: int, opacity: bool) -> None:
    """ffmpeg 7 writes a stream's tags deeper than others do; the container's stand at 4, and are anybody's."""
    dump = StreamDump()
    for line in (
        "Input #0, matroska,webm, from 'in_video':",
        "  Stream #0:0: Video: vp9 (Profile 0), yuv420p(tv, progressive), 64x64, 25 fps, 25 tbr, 1k tbn",
        f"{' ' * indent}alpha_mode      : 1",
    ):
        dump.read(line.encode())
    assert dump.streams[0].pix_fmt == ("yuva420p" if opacity else "yuv420p")
