"""One font file: its family, its characters, its height, and the advance of text in it."""

from __future__ import annotations

import functools
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import uharfbuzz

_BOLD = 600
"""The weight from which a file is a bold one (OpenType, usWeightClass: 600 is semi-bold)."""
_ITALIC = 1
"""The bit of fsSelection that marks an italic file."""
_USUAL_CAP_HEIGHT = 0.72
_FAMILY_NAME = 1
"""The name by which libass finds a family (OpenType, name table)."""


class Face:
    """One font file. Lengths are in em."""

    def __init__(self, path: Path) -> None:
        """Read a font file. Raises OSError, ValueError or struct.error if it is none."""
        self._face = uharfbuzz.Face(uharfbuzz.Blob(path.read_bytes()))
        self._font = uharfbuzz.Font(self._face)
        self.family: str = self._face.get_name(_FAMILY_NAME)
        os2 = self._table("OS/2")
        self.is_bold: bool = struct.unpack_from(">H", os2, 4)[0] >= _BOLD
        self.is_italic = bool(struct.unpack_from(">H", os2, 62)[0] & _ITALIC)
        self.line_height = self._line_height(os2)
        self.ascent = self._ascent(os2)

    def _table(self, tag: str) -> bytes:
        return bytes(self._face.reference_table(tag).data)

    def _line_height(self, os2: bytes) -> float:
        """Return the height to which libass scales a font: like GDI, usWinAscent + usWinDescent, else that of hhea."""
        height: int = sum(struct.unpack_from(">HH", os2, 74))
        if not height:
            ascent, descent = struct.unpack_from(">hh", self._table("hhea"), 4)
            height = ascent - descent
        return height / int(self._face.upem)

    def _ascent(self, os2: bytes) -> float:
        """Return the share of the line's height that is above the baseline."""
        ascent, descent = struct.unpack_from(">HH", os2, 74)
        if not ascent + descent:
            (ascent,) = struct.unpack_from(">h", self._table("hhea"), 4)
        return float(ascent) / int(self._face.upem)

    @functools.cached_property
    def cap_height(self) -> float:
        """The height of an H, or what is usual if the font has none."""
        glyph = self._font.get_nominal_glyph(ord("H"))
        extents = self._font.get_glyph_extents(glyph) if glyph else None
        return abs(extents.height) / int(self._face.upem) if extents else _USUAL_CAP_HEIGHT

    @functools.cached_property
    def characters(self) -> frozenset[str]:
        """The characters that have a glyph."""
        return frozenset(map(chr, self._face.unicodes))

    def advance(self, text: str) -> float:
        """Return the advance width of shaped text. A character without a glyph has none, and takes no space."""
        drawn = "".join(char for char in text if char in self.characters or unicodedata.category(char) == "Cf")
        return sum(map(self._advance_of_script, split_scripts(drawn)))

    def _advance_of_script(self, text: str) -> float:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._font, buffer)
        return float(sum(position.x_advance for position in buffer.glyph_positions)) / int(self._face.upem)


def split_scripts(text: str) -> Iterator[str]:
    """Split text where its script changes, as libass does. Characters of all scripts belong to the one before them."""
    start, script = 0, None
    for at, char in enumerate(text):
        current = _script(char)
        if current is None:
            continue
        if script is not None and current != script:
            yield text[start:at]
            start = at
        script = current
    if text:
        yield text[start:]


@functools.lru_cache(maxsize=4096)
def _script(char: str) -> str | None:
    """Return the ISO 15924 code of a character's script; None if it is used in all scripts."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(char)
    buffer.guess_segment_properties()
    script: str | None = buffer.script
    return script
