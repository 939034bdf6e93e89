"""The font families that the worker ships, by name. All are free for commercial use.

`GET /fonts` lists them. The files are in `gpu_worker/fonts/`, with their licenses in `licenses/`. Emoji
are drawn in fonts of their own, which are no choice for text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Font:
    """One family.

    `styles` are those that have a file; the renderer slants or thickens the others itself. `scripts` are those whose
    alphabet the family has completely; other letters are drawn in another family.
    """

    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    license: str


_BOTH = ("regular", "bold")
_OFL = "OFL-1.1"
_EUROPEAN = ("Latin", "Cyrillic", "Greek")

FONTS: Mapping[str, Font] = {
    "Anton": Font(("regular",), ("Latin",), _OFL),
    "Bangers": Font(("regular",), ("Latin",), _OFL),
    "Bebas Neue": Font(("regular",), ("Latin",), _OFL),
    "DejaVu Sans": Font(("bold",), (*_EUROPEAN, "Arabic", "Armenian", "Georgian", "Hebrew", "Lao"), "Bitstream Vera"),
    "Inter": Font(_BOTH, _EUROPEAN, _OFL),
    "Luckiest Guy": Font(("regular",), ("Latin",), "Apache-2.0"),
    "Montserrat": Font(_BOTH, ("Latin", "Cyrillic"), _OFL),
    "Noto Sans Arabic": Font(("bold",), ("Latin", "Arabic"), _OFL),
    "Noto Sans Devanagari": Font(("bold",), ("Latin", "Devanagari"), _OFL),
    "Noto Sans Hebrew": Font(("bold",), ("Latin", "Hebrew"), _OFL),
    "Noto Sans Thai": Font(("bold",), ("Latin", "Thai"), _OFL),
    "Open Sans": Font(_BOTH, (*_EUROPEAN, "Hebrew"), _OFL),
    "Oswald": Font(_BOTH, ("Latin", "Cyrillic"), _OFL),
    "Poppins": Font(_BOTH, ("Latin", "Devanagari"), _OFL),
    "Roboto": Font(_BOTH, _EUROPEAN, _OFL),
}
