"""Encoding of pictures: pixels, colors and encoder of each format."""

from __future__ import annotations

from dataclasses import dataclass

from contract.operations.thumbnail import ImageFormat

_PLAIN = ("-map_metadata", "-1", "-flags:v", "+bitexact", "-fflags", "+bitexact")


@dataclass(frozen=True, slots=True)
class Encoding:
    """One format: its pixel format, the options of `scale` for its colors, and the options of its encoder."""

    pixels: str
    colors: str
    args: tuple[str, ...]
    one_file: tuple[str, ...] = ("-f", "image2", "-update", "1")
    """The options of a file that holds one picture, and is not the first of many."""
    max_side: int = 65_500


ENCODINGS = {
    # JPEG and WebP have BT.601, JPEG in full range (ITU-T T.871, RFC 9649). ffmpeg calls that unofficial, unless the
    # pixel format is yuvj420p, for which ffmpeg 7 would ignore the matrix.
    ImageFormat.JPG: Encoding(
        "yuv420p",
        "out_color_matrix=bt601:out_range=pc",
        ("-c:v", "mjpeg", "-q:v", "2", "-color_range", "pc", "-strict", "unofficial", *_PLAIN),
    ),
    ImageFormat.PNG: Encoding("rgb24", "", ("-c:v", "png", *_PLAIN)),
    ImageFormat.WEBP: Encoding(
        "yuv420p",
        "out_color_matrix=bt601:out_range=tv",
        ("-c:v", "libwebp", "-quality", "85", *_PLAIN),
        max_side=16_383,
    ),
}

RAW = Encoding("rgb24", "", ("-c:v", "rawvideo"), ("-f", "rawvideo"))
"""Pixels to compare."""
