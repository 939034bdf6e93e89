"""Supported picture formats, and the one decoder for each.

Pillow's `Image.open` would import decoders for 40 formats, some of which start Ghostscript or open other files.
"""

from __future__ import annotations

import importlib
from typing import BinaryIO

from PIL import Image, ImageFile

from gpu_worker.formats.iso_brands import AVIF_BRANDS, HEIF_BRANDS

HEAD_BYTES = 64

_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "GIF": "GifImagePlugin",
    "WEBP": "WebPImagePlugin",
    "BMP": "BmpImagePlugin",
    "DIB": "BmpImagePlugin",
    "TIFF": "TiffImagePlugin",
    "AVIF": "AvifImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
    "ICO": "IcoImagePlugin",
    "TGA": "TgaImagePlugin",
    "PPM": "PpmImagePlugin",
    "PSD": "PsdImagePlugin",
}
_SIGNATURES = (
    ("JPEG", b"\xff\xd8\xff"),
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("GIF", b"GIF87a"),
    ("GIF", b"GIF89a"),
    ("BMP", b"BM"),
    ("TIFF", b"II*\0"),
    ("TIFF", b"MM\0*"),
    ("TIFF", b"II+\0"),
    ("TIFF", b"MM\0+"),
    ("JPEG2000", b"\0\0\0\x0cjP  \r\n\x87\n"),
    ("JPEG2000", b"\xff\x4f\xff\x51"),
    ("ICO", b"\0\0\1\0"),
    ("PSD", b"8BPS"),
    *(("PPM", b"P" + kind) for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"f")),
)
_DIB_HEADERS = {12, 40, 52, 56, 64, 108, 124}


def identify(head: bytes) -> str | None:
    """Return the format of a file that starts with `head`, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _identify_brands(head)
    for name, start in _SIGNATURES:
        if head.startswith(start):
            return name
    if int.from_bytes(head[:4], "little") in _DIB_HEADERS:
        return "DIB"
    return "TGA" if _may_be_tga(head) else None


def open_picture(file: BinaryIO, name: str) -> Image.Image:
    """Read the header of a file of the format `name`. Raises the decoder's errors."""
    if name == "HEIF":
        pi_heif = importlib.import_module("pi_heif")
        picture: Image.Image = pi_heif.HeifImageFile(file)
        return picture
    importlib.import_module(f"PIL.{_PLUGINS[name]}")
    opened: ImageFile.ImageFile = Image.OPEN[name][0](file, "")
    return opened


def _identify_brands(head: bytes) -> str | None:
    size = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))}
    if head[8:12] not in HEIF_BRANDS | AVIF_BRANDS:
        return None
    return "AVIF" if brands & AVIF_BRANDS else "HEIF"


def _may_be_tga(head: bytes) -> bool:
    """Detect TGA by the plausibility of its header; the format has no signature at its start."""
    if len(head) < 18:
        return False
    palette, kind, depth = head[1], head[2], head[16]
    kinds = {1, 9} if palette == 1 else {2, 3, 10, 11}
    return palette in {0, 1} and kind in kinds and depth in {1, 8, 15, 16, 24, 32} and head[17] & 0xC0 == 0
