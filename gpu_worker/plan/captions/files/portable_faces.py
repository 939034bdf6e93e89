"""Typefaces for scripts that other players draw."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT, EMOJI_FONT
from gpu_worker.plan.measure import Picture, Typefaces


@dataclass(frozen=True, slots=True)
class PortableFaces:
    """Emoji are characters here, which any player has a font for, and not layers of the font of color emoji.

    Lines break where they break in the video, because they are measured as they are drawn there.
    """

    drawn: Typefaces

    def width(self, text: str, family: str, *, bold: bool, italic: bool = False) -> float:
        return self.drawn.width(text, family, bold=bold, italic=italic)

    def ass_size(self, family: str, em_pixels: float) -> float:
        return self.drawn.ass_size(family, em_pixels)

    def ascent(self, family: str) -> float:
        return self.drawn.ascent(family)

    def cap_height(self, family: str) -> float:
        return self.drawn.cap_height(family)

    def pictures(self, emoji: str) -> tuple[Picture, ...]:  # noqa: ARG002
        return ()

    def runs(self, text: str, family: str) -> tuple[tuple[str, str | None], ...]:
        runs = self.drawn.runs(text, family)
        return tuple((part, EMOJI_FONT if name == COLOR_EMOJI_FONT else name) for part, name in runs)
