"""The layers of color emoji, as characters of a font.

libass draws only outlines. In the file that `scripts/make_emoji_font.py` makes, each layer of an emoji is a character
without width, so that a renderer of outlines draws them on top of each other, in the colors that the text says.
"""

from __future__ import annotations

import functools
import struct
from pathlib import Path

import uharfbuzz

from gpu_worker.plan.measure import Picture

_FIRST_LAYER = 0xF0000
"""Glyph N is also the character with this code plus N."""
_EMOJI_VARIANT, _TEXT_VARIANT = "\ufe0f", "\ufe0e"


class EmojiFace:
    """A font of color emoji."""

    def __init__(self, path: Path) -> None:
        """Read a font file. Raises OSError, ValueError or struct.error if it has no colors."""
        self._face = uharfbuzz.Face(uharfbuzz.Blob(path.read_bytes()))
        self._font = uharfbuzz.Font(self._face)
        self._colors = _read_colors(bytes(self._face.reference_table("CPAL").data))
        self.pictures = functools.lru_cache(maxsize=1024)(self._find_pictures)

    def _find_pictures(self, emoji: str) -> tuple[Picture, ...]:
        """Return the pictures of an emoji: one, or several if the font has only parts of a sequence.

        None if it lacks the picture of a part, or if the emoji is wanted as text.
        """
        if _TEXT_VARIANT in emoji:
            return ()
        buffer = uharfbuzz.Buffer()
        buffer.add_str(emoji.replace(_EMOJI_VARIANT, ""))
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._font, buffer)
        pictures = [self._picture(info.codepoint) for info in buffer.glyph_infos if info.codepoint not in self._joiners]
        return tuple(pictures) if all(picture.layers for picture in pictures) else ()

    @functools.cached_property
    def _joiners(self) -> frozenset[int]:
        """The glyphs of what is left of a sequence that the font does not know."""
        return frozenset(
            glyph for code in (0x200D, *range(0xE0020, 0xE0080)) if (glyph := self._font.get_nominal_glyph(code))
        )

    def _picture(self, glyph: int) -> Picture:
        layers = self._face.get_glyph_color_layers(glyph)
        drawn = tuple((chr(_FIRST_LAYER + layer.glyph), self._colors[layer.color_index]) for layer in layers)
        return Picture(drawn, chr(_FIRST_LAYER + glyph))


def _read_colors(table: bytes) -> tuple[str, ...]:
    """Return the colors of the first palette as `#RRGGBB` (OpenType, CPAL). uharfbuzz 0.57 never returns them."""
    _version, count, _palettes, _records, start = struct.unpack_from(">HHHHI", table)
    records = (table[at : at + 3] for at in range(start, start + 4 * count, 4))
    return tuple(f"#{red:02X}{green:02X}{blue:02X}" for blue, green, red in records)
