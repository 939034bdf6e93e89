"""The measures that a layout needs of fonts. `gpu_worker.typefaces` reads them from the shipped files."""

from __future__ import annotations

from typing import Protocol


class Typefaces(Protocol):
    """Measures text as the renderer draws it. Each run is drawn in its own family, all at the same em."""

    def width(self, text: str, family: str, *, bold: bool, italic: bool = False) -> float:
        """Return the advance width of one line in em, shaped, with the letters that `family` lacks in others."""
        ...

    def ass_size(self, family: str, em_pixels: float) -> float:
        """Return the ASS font size at which the renderer draws `family` with an em of `em_pixels`."""
        ...

    def runs(self, text: str, family: str) -> tuple[tuple[str, str | None], ...]:
        """Return the parts of the text, each with the family that has its glyphs.

        None: no shipped family has them, and the renderer must search the host's fonts.
        """
        ...
