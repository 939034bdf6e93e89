"""The measure of text: the interface that plans need."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Picture(NamedTuple):
    """An emoji as characters of the font of color emoji. The renderer draws all layers at one place."""

    layers: tuple[tuple[str, str], ...]
    """Characters without width, the lowest first, each with its color as `#RRGGBB`."""
    space: str
    """A blank character as wide as the picture, which goes after the layers."""


class Typefaces(Protocol):
    """Measures text as the renderer draws it. Lengths are in em."""

    def width(self, text: str, family: str, *, bold: bool, italic: bool = False) -> float:
        """Return the width of a line."""

    def ass_size(self, family: str, em_pixels: float) -> float:
        """Return the font size in an ASS script that makes 1 em this many pixels."""

    def ascent(self, family: str) -> float:
        """Return the distance from the upper edge of a line to its baseline."""

    def cap_height(self, family: str) -> float:
        """Return the height of a capital letter."""

    def pictures(self, emoji: str) -> tuple[Picture, ...]:
        """Return the pictures of an emoji that `runs` gives to the font of color emoji."""

    def runs(self, text: str, family: str) -> tuple[tuple[str, str | None], ...]:
        """Split text by the family that draws it; None where none of the shipped ones does."""
