"""Brands of the photo formats that are ISO base media files (ISO/IEC 23008-12, AV1 Image File Format).

A module of its own, so that the worker can name such a file without importing Pillow.
"""

from __future__ import annotations

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
