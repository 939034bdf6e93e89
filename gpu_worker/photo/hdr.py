"""Detect HDR photos: they need tone mapping, which Pillow does not support."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

_PQ, _HLG = 16, 18
"""Transfer characteristics of ITU-T H.273."""


def is_hdr(file: BinaryIO, name: str, info: dict[Any, Any]) -> bool:
    """Return True if the file states the transfer function of PQ or HLG. `info`: the decoder's metadata."""
    if name == "PNG":
        return _read_png_transfer(file) in {_PQ, _HLG}
    if name == "AVIF":
        info = _read_container_info(file)
    return (info.get("nclx_profile") or {}).get("transfer_characteristics") in {_PQ, _HLG}


def _read_png_transfer(file: BinaryIO) -> int | None:
    file.seek(8)
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"cICP":
            return file.read(2)[-1] if size == 4 else None
        if kind == b"IDAT":
            return None
        file.seek(size + 4, 1)
    return None


def _read_container_info(file: BinaryIO) -> dict[Any, Any]:
    """Return the metadata that libheif reads of an AVIF; it has no decoder for the picture itself."""
    import pi_heif  # noqa: PLC0415 - few files need it

    file.seek(0)
    try:
        info: dict[Any, Any] = pi_heif.open_heif(file).info
    except (OSError, ValueError, RuntimeError, SyntaxError):
        return {}
    return info
