"""Read one picture; `main` is the entry point of the sandboxed process.

Its arguments are IN OUT MAX_PIXELS MIN_WIDTH MIN_HEIGHT KIND. It writes the upright picture in sRGB: as raw
rgb24 on black where it is transparent, or, if KIND is `rgba`, with its transparency. It prints one line of JSON:
`{"width", "height", "notes"}` or `{"refused", "format"}`. Its words are those that `read_photo` lists.
"""

from __future__ import annotations

import json
import struct
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from gpu_worker.photo.colors import make_rendering
from gpu_worker.photo.formats import HEAD_BYTES, identify, open_picture
from gpu_worker.photo.hdr import is_hdr

_STRIP_PIXELS = 2**18
"""About a megabyte, which the allocator reuses. For larger strips the kernel maps new pages each time."""
_MAX_TEXT_BYTES = 32 * 1024**2
"""Limit for texts and profile of a PNG: editors write edit histories of several megabytes."""
_ANIMATED_FORMATS = {"GIF", "PNG", "WEBP", "AVIF"}
"""Other formats with several pictures hold pages, sizes or views of one moment."""
_ORIENTATION, _SIDEWAYS = 0x112, {5, 6, 7, 8}


class RefusedError(Exception):
    """The picture cannot be used. `word`: the reason; `format_name`: its format, if that is certain."""

    def __init__(self, word: str, format_name: str | None = None) -> None:
        super().__init__(word)
        self.report = {"refused": word, "format": format_name}


def main() -> None:
    """Read one file and print the report. An exception that leaves this function is a bug."""
    source, target, max_pixels, min_width, min_height, kind = sys.argv[1:]
    Image.MAX_IMAGE_PIXELS = int(max_pixels)
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Path(source).open("rb") as file:
            image, notes = read_picture(file, int(max_pixels), (int(min_width), int(min_height)))
        report: dict[str, object] = {"width": image.width, "height": image.height}
        report["notes"] = [*notes, *write_pixels(image, Path(target), keep_alpha=kind == "rgba")]
    except RefusedError as refusal:
        report = dict(refusal.report)
    except MemoryError:
        report = {"refused": "memory"}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        report = {"refused": "pixels"}
    except OSError:
        report = {"refused": "disk"}  # `read_picture` handles read errors: this is a write error
    sys.stdout.write(json.dumps(report))


def read_picture(file: BinaryIO, max_pixels: int, min_size: tuple[int, int]) -> tuple[Image.Image, list[str]]:
    """Decode a file to an upright picture, made smaller if that is faster, but not below `min_size`.

    Raises RefusedError.
    """
    head = file.read(HEAD_BYTES)
    name = identify(head)
    if name is None:
        raise RefusedError("unreadable")
    if name == "TIFF":
        from gpu_worker.photo.tiff import is_raw_photo  # noqa: PLC0415 - import only the decoder that is needed

        if is_raw_photo(file):
            raise RefusedError("raw")
    try:
        return _decode_picture(file, name, max_pixels, min_size)
    except (RefusedError, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except Exception as error:
        raise RefusedError(_classify_error(error, file, name), None if name == "TGA" else name) from error


def write_pixels(image: Image.Image, target: Path, *, keep_alpha: bool = False) -> list[str]:
    """Write the pixels in strips, which saves a second copy of the picture in memory. Return notes."""
    rendering = make_rendering(image, keep_alpha=keep_alpha)
    rows = max(1, _STRIP_PIXELS // image.width)
    with target.open("xb") as out:
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(top + rows, image.height)))
            out.write(rendering.convert(strip).tobytes())
    return ["profile"] if rendering.profile_ignored else []


def _decode_picture(
    file: BinaryIO, name: str, max_pixels: int, min_size: tuple[int, int]
) -> tuple[Image.Image, list[str]]:
    file.seek(0)
    if name == "PNG":
        from PIL import PngImagePlugin  # noqa: PLC0415

        PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = _MAX_TEXT_BYTES
    image = open_picture(file, name)
    if image.width * image.height > max_pixels:
        raise RefusedError("pixels")
    if is_hdr(file, name, image.info):
        raise RefusedError("hdr")
    notes = ["animated"] if name in _ANIMATED_FORMATS and _is_animated(image) else []
    if name == "JPEG":
        image, damage = _load_jpeg(file, image, min_size)
        notes += damage
    image.load()
    return _rotate_upright(image), notes


def _load_jpeg(file: BinaryIO, image: Image.Image, min_size: tuple[int, int]) -> tuple[Image.Image, list[str]]:
    from gpu_worker.photo.jpeg_length import Length, compare_length  # noqa: PLC0415
    from gpu_worker.photo.jpeg_markers import JpegMarkers, load_without_end  # noqa: PLC0415

    markers = JpegMarkers(file)
    if markers.is_damaged:
        raise RefusedError("unreadable", "JPEG")
    if markers.end is None:
        whole = load_without_end(file)
        if whole is None:
            raise RefusedError("truncated")
        return whole, []
    length = compare_length(file, markers.end)
    if length is Length.TRUNCATED:
        raise RefusedError("truncated")
    width, height = min_size[::-1] if _read_orientation(image) in _SIDEWAYS else min_size
    # libjpeg decodes faster at half the size or less; twice the needed size keeps all detail for the resampler.
    image.draft(None, (2 * width, 2 * height))
    return image, ["damaged"] if length is Length.MISMATCH else []


def _rotate_upright(image: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, struct.error):
        return image  # an unreadable EXIF block states no orientation
    return image


def _read_orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, struct.error):
        return 1


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, SyntaxError, IndexError, struct.error):
        return False  # the data after the first frame is damaged


def _classify_error(error: Exception, file: BinaryIO, name: str) -> str:
    from gpu_worker.photo.truncation import is_truncated  # noqa: PLC0415 - only needed after a failure

    text = str(error).lower()
    if "decompressed data too large" in text or "memory used in text chunks" in text:
        return "texts"
    ended = isinstance(error, EOFError | struct.error) or "truncat" in text or "no more images" in text
    return "truncated" if ended or is_truncated(file, name) else "unreadable"


if __name__ == "__main__":
    main()
