"""The font families that the worker ships or its image has, by name. All are free for commercial use.

`GET /fonts` lists them. Callers choose shipped ones; their files are in `gpu_worker/fonts/`, with their licenses in
`licenses/`. Emoji are drawn in fonts of their own, which are no choice for text.
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

_SANS_PREFIX = "Noto Sans"
_IMAGE_SCRIPTS = (
    "Bengali", "Ethiopic", "Gujarati", "Gurmukhi", "Kannada", "Khmer", "Malayalam", "Myanmar", "Oriya", "Sinhala",
    "Tamil", "Telugu", "Thaana",
)  # fmt: skip
_EAST_ASIAN = ("Han", "Hangul", "Hiragana", "Katakana", "Latin", "Cyrillic", "Greek")

IMAGE_PACKAGES = ("fonts-noto-core", "fonts-noto-cjk")
"""The Debian packages that `make image` installs by default (`FONTS`), in which the families below are."""
IMAGE_FONTS: Mapping[str, Font] = {
    **{f"{_SANS_PREFIX} CJK {region}": Font(_BOTH, _EAST_ASIAN, _OFL) for region in ("HK", "JP", "KR", "SC", "TC")},
    **{f"{_SANS_PREFIX} {script}": Font(_BOTH, (script,), _OFL) for script in _IMAGE_SCRIPTS},
}
"""Families in which letters are drawn that no shipped one has. The renderer chooses among them: callers cannot, because
the worker measures text only in files that it ships."""
