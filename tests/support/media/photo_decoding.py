"""Decode pictures with the functions of the sandboxed process, without a worker."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageChops

from gpu_worker.photo.decode import RefusedError, read_picture, write_pixels

ANY_SIZE = 10**4, 10**4


def decode_photo(data: bytes, folder: Path, min_size: tuple[int, int] = ANY_SIZE) -> tuple[Image.Image, list[str]]:
    """Return the pixels that ffmpeg would get, and the notes about them."""
    source, target = folder / "picture", folder / "pixels"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    with source.open("rb") as file, warnings.catch_warnings(action="ignore"):
        image, notes = read_picture(file, 10**7, min_size)
        notes += write_pixels(image, target)
    return Image.frombytes("RGB", image.size, target.read_bytes()), notes


def find_refusal(data: bytes, folder: Path) -> str | None:
    """Return the word with which a file is refused; None if it is read."""
    try:
        decode_photo(data, folder)
    except RefusedError as error:
        return str(error)
    return None


def max_difference(one: Image.Image, other: Image.Image) -> int:
    """Return the largest difference of any channel of any pixel."""
    return max(high for _low, high in ImageChops.difference(one, other).getextrema())
