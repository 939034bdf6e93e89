"""The process that reads one picture: `python -m gpu_worker.photo.decode IN OUT MAX_PIXELS LEAST_WIDTH LEAST_HEIGHT`.

It writes the upright picture as raw rgb24 in sRGB, on black where it is transparent, and prints one line of JSON:
`{"width", "height", "notes"}` or `{"refused", "format"}`. The words in it are of closed lists, which `reader` knows.
"""

from __future__ import annotations

import json
import struct
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from gpu_worker.photo.colors import render
from gpu_worker.photo.formats import HEAD_BYTES, identify, open_picture
from gpu_worker.photo.hdr import is_hdr

_STRIP_PIXELS = 2**18
"""About a megabyte, which the allocator uses again. For larger strips the kernel makes new pages each time."""
_TEXT_BYTES = 32 * 1024**2
"""For the texts and the profile of a PNG: editors write histories of some megabytes."""
_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF"}
"""Other files with several pictures hold pages, sizes or views of one moment."""
_ORIENTATION, _TURNED_SIDEWAYS = 0x112, {5, 6, 7, 8}


class RefusedError(Exception):
    """The picture cannot be used. `word` says why, `format` what it is, where that is certain."""

    def __init__(self, word: str, format_name: str | None = None) -> None:
        super().__init__(word)
        self.report = {"refused": word, "format": format_name}


def main() -> None:
    """Read one file and report. An exception that leaves this function is a defect."""
    source, target, max_pixels, *least = sys.argv[1:]
    Image.MAX_IMAGE_PIXELS = int(max_pixels)
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Path(source).open("rb") as file:
            image, notes = read(file, int(max_pixels), (int(least[0]), int(least[1])))
        report: dict[str, object] = {"width": image.width, "height": image.height}
        report["notes"] = [*notes, *write(image, Path(target))]
    except RefusedError as refusal:
        report = dict(refusal.report)
    except MemoryError:
        report = {"refused": "memory"}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        report = {"refused": "pixels"}
    except OSError:
        report = {"refused": "disk"}  # errors of reading were judged by `read`
    sys.stdout.write(json.dumps(report))


def read(file: BinaryIO, max_pixels: int, least: tuple[int, int]) -> tuple[Image.Image, list[str]]:
    """Decode a file to an upright picture, at `least` of that size if it can be had at less cost than the whole.

    Raises RefusedError.
    """
    head = file.read(HEAD_BYTES)
    name = identify(head)
    if name is None:
        raise RefusedError("unreadable")
    if name == "TIFF":
        from gpu_worker.photo.tiff import is_raw_photo  # noqa: PLC0415 - of the decoders, only the one needed is imported

        if is_raw_photo(file):
            raise RefusedError("raw")
    try:
        return _decode(file, name, max_pixels, least)
    except (RefusedError, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except Exception as error:
        raise RefusedError(_word_for(error, file, name), None if name == "TGA" else name) from error


def write(image: Image.Image, target: Path) -> list[str]:
    """Write the pixels strip by strip, so that no second copy of the picture is in memory."""
    rendering = render(image)
    rows = max(1, _STRIP_PIXELS // image.width)
    with target.open("xb") as out:
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(top + rows, image.height)))
            out.write(rendering.convert(strip).tobytes())
    return ["profile"] if rendering.profile_ignored else []


def _decode(file: BinaryIO, name: str, max_pixels: int, least: tuple[int, int]) -> tuple[Image.Image, list[str]]:
    file.seek(0)
    if name == "PNG":
        from PIL import PngImagePlugin  # noqa: PLC0415

        PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = _TEXT_BYTES
    image = open_picture(file, name)
    if image.width * image.height > max_pixels:
        raise RefusedError("pixels")
    if is_hdr(file, name, image.info):
        raise RefusedError("hdr")
    notes = ["animated"] if name in _ANIMATED and _is_animated(image) else []
    if name == "JPEG":
        image, damage = _load_jpeg(file, image, least)
        notes += damage
    image.load()
    return _upright(image), notes


def _load_jpeg(file: BinaryIO, image: Image.Image, least: tuple[int, int]) -> tuple[Image.Image, list[str]]:
    from gpu_worker.photo.jpeg import Ending, load_without_end  # noqa: PLC0415
    from gpu_worker.photo.jpeg_length import Length, judge_length  # noqa: PLC0415

    ending = Ending(file)
    if ending.damaged:
        raise RefusedError("unreadable", "JPEG")
    if ending.at is None:
        whole = load_without_end(file)
        if whole is None:
            raise RefusedError("truncated")
        return whole, []
    length = judge_length(file, ending.at)
    if length is Length.SHORT:
        raise RefusedError("truncated")
    width, height = least[::-1] if _orientation(image) in _TURNED_SIDEWAYS else least
    # At half the size or less libjpeg decodes faster; twice what is needed leaves the filter all its detail.
    image.draft(None, (2 * width, 2 * height))
    return image, ["damaged"] if length is Length.OFF else []


def _upright(image: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, struct.error):
        return image  # an EXIF block that cannot be read states no orientation
    return image


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, struct.error):
        return 1


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, SyntaxError, IndexError, struct.error):
        return False  # what follows the first frame is damaged


def _word_for(error: Exception, file: BinaryIO, name: str) -> str:
    from gpu_worker.photo.truncation import is_truncated  # noqa: PLC0415 - only failures pay for it

    text = str(error).lower()
    if "decompressed data too large" in text or "memory used in text chunks" in text:
        return "texts"
    ended = isinstance(error, EOFError | struct.error) or "truncat" in text or "no more images" in text
    return "truncated" if ended or is_truncated(file, name) else "unreadable"


if __name__ == "__main__":
    main()
