"""The font families that the worker ships, by name. All are free for commercial use.

`GET /fonts` lists them. The files are in `gpu_worker/fonts/`, with their licenses beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Font:
    """One family. `styles` are those that have a file; the renderer slants or thickens the others itself."""

    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    license: str


_LATIN = ("Latin",)

FONTS: Mapping[str, Font] = {
    "Anton": Font(("regular",), _LATIN, "OFL-1.1"),
    "DejaVu Sans": Font(("bold",), ("Latin", "Cyrillic", "Greek", "Hebrew", "Arabic", "Armenian"), "Bitstream Vera"),
    "Montserrat": Font(("bold",), ("Latin", "Cyrillic"), "OFL-1.1"),
}
