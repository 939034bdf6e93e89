"""Measure text as libass draws it: with the same fonts and the same shaper, HarfBuzz.

Widths are those of a script whose head has `Kerning: yes`: by default libass does not kern. It thickens a family
without a bold file: the ink grows by 1/64 em to the right, the advance stays. Slanting changes no advance either.

If the host has other files of a shipped family, libass takes the one whose weight is nearest. Write `\\b1` for a family
that is shipped only in bold.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT, PLAIN_FONT
from gpu_worker.plan.captions.glyphs.font_runs import Run, split_runs
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.plan.captions.glyphs.line_breaks import measure_width
from gpu_worker.plan.measure import Picture
from gpu_worker.typefaces.emoji_face import EmojiFace
from gpu_worker.typefaces.face import Face

_FALLBACK_PREFIX = "Noto Sans "
_UNKNOWN_LINE_HEIGHT, _UNKNOWN_ASCENT, _UNKNOWN_CAP_HEIGHT = 1.2, 0.95, 0.72
"""In em, if no shipped font is there."""


class FontFiles:
    """The fonts in a directory, read when the first text is measured. Implements `Typefaces`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def width(self, text: str, family: str, *, bold: bool, italic: bool = False) -> float:
        """Return the advance width of one line in em, shaped, with the letters that `family` lacks in others.

        The width of what no shipped font draws is an estimate.
        """
        widths = 0.0
        for part, found in self.runs(text, family):
            face = self._find_face(found or "", bold, italic)
            widths += self._estimate(part, family) if face is None else face.advance(part)
        return widths

    def ass_size(self, family: str, em_pixels: float) -> float:
        """Return the ASS font size at which libass draws `family` with an em of `em_pixels`."""
        return em_pixels * self._line_height(family)

    def ascent(self, family: str) -> float:
        """Return the distance from the upper edge of a line to its baseline in em."""
        face = self._any_face(family)
        return face.ascent if face else _UNKNOWN_ASCENT

    def cap_height(self, family: str) -> float:
        """Return the height of a capital letter in em."""
        face = self._any_face(family)
        return face.cap_height if face else _UNKNOWN_CAP_HEIGHT

    def runs(self, text: str, family: str) -> tuple[Run, ...]:
        """Return the parts of the text, each with the family that has its glyphs; None if no shipped one has them."""
        if not EMOJI.search(text) and self._characters.get(family, frozenset()).issuperset(text):
            return ((text, family),) if text else ()
        return split_runs(text, (family, *self._fallbacks), self._has_glyph)

    def pictures(self, emoji: str) -> tuple[Picture, ...]:
        """Return the pictures of an emoji; none if it is drawn in one color."""
        return self._color_emoji.pictures(emoji) if self._color_emoji else ()

    @functools.cached_property
    def _color_emoji(self) -> EmojiFace | None:
        paths = list(self._directory.glob(f"{COLOR_EMOJI_FONT.replace(' ', '')}-*.ttf"))
        return EmojiFace(paths[0]) if paths else None

    @functools.cached_property
    def _families(self) -> Mapping[str, tuple[Face, ...]]:
        faces = [Face(path) for path in sorted(self._directory.glob("*.ttf"))]
        return {face.family: tuple(one for one in faces if one.family == face.family) for face in faces}

    @functools.cached_property
    def _characters(self) -> Mapping[str, frozenset[str]]:
        """The characters that all files of a family have."""
        return {
            family: frozenset.intersection(*(face.characters for face in faces))
            for family, faces in self._families.items()
        }

    @functools.cached_property
    def _fallbacks(self) -> tuple[str, ...]:
        return (PLAIN_FONT, *sorted(name for name in self._families if name.startswith(_FALLBACK_PREFIX)))

    def _has_glyph(self, family: str, char: str) -> bool:
        if family == COLOR_EMOJI_FONT:
            return bool(self.pictures(char))
        return char in self._characters.get(family, ())

    def _find_face(self, family: str, bold: bool, italic: bool) -> Face | None:
        faces = self._families.get(family, ())
        return min(faces, key=lambda face: (face.is_italic != italic, face.is_bold != bold), default=None)

    def _line_height(self, family: str) -> float:
        face = self._any_face(family)
        return face.line_height if face else _UNKNOWN_LINE_HEIGHT

    def _any_face(self, family: str) -> Face | None:
        """Return a file of the family, or of the plain one if it is not shipped; None if no font is there."""
        faces = self._families.get(family) or self._families.get(PLAIN_FONT)
        return faces[0] if faces else None

    def _estimate(self, text: str, family: str) -> float:
        """Return the width of text in a font of the host, at the ASS size of `family`, in em of `family`."""
        return measure_width(text) * self._line_height(family)
