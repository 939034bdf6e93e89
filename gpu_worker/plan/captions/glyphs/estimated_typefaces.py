"""Widths of text without font files: an estimate for DejaVu Sans Bold."""

from __future__ import annotations

import re

from gpu_worker.plan.captions.glyphs.families import EMOJI_FONT
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.plan.captions.glyphs.line_breaks import measure_width
from gpu_worker.plan.measure import Picture

_ASS_SIZE_OF_EM = 1.164
"""DejaVu Sans: OS/2 winAscent 1901 + winDescent 483, of 2048 units per em."""
_ASCENT, _CAP_HEIGHT = 0.928, 0.729
_RUN = re.compile(f"(?P<emoji>(?:{EMOJI.pattern})+)|.", re.DOTALL)


class EstimatedTypefaces:
    """`Typefaces` without files, for plans that are made without a worker's machine."""

    def width(self, text: str, family: str, *, bold: bool, italic: bool = False) -> float:  # noqa: ARG002
        return measure_width(text) * _ASS_SIZE_OF_EM

    def ass_size(self, family: str, em_pixels: float) -> float:  # noqa: ARG002
        return em_pixels * _ASS_SIZE_OF_EM

    def ascent(self, family: str) -> float:  # noqa: ARG002
        return _ASCENT

    def cap_height(self, family: str) -> float:  # noqa: ARG002
        return _CAP_HEIGHT

    def pictures(self, emoji: str) -> tuple[Picture, ...]:  # noqa: ARG002
        return ()

    def runs(self, text: str, family: str) -> tuple[tuple[str, str | None], ...]:
        parts: list[tuple[str, str | None]] = []
        for piece in _RUN.finditer(text):
            name = EMOJI_FONT if piece["emoji"] else family
            if parts and parts[-1][1] == name:
                parts[-1] = (parts[-1][0] + piece[0], name)
            else:
                parts.append((piece[0], name))
        return tuple(parts)


ESTIMATED = EstimatedTypefaces()
