"""Make gpu_worker/fonts/TwemojiLayers-Bold.ttf from the npm package `twemoji-colr-font` (15.0.3).

    npm pack twemoji-colr-font@15.0.3 && tar xzf twemoji-colr-font-15.0.3.tgz
    python -m venv fonts && fonts/bin/pip install 'fonttools[woff]'
    fonts/bin/python scripts/make_emoji_font.py package/twemoji.woff2

The source has a blank glyph per emoji, and tables that list the glyphs and colors of its layers. libass ignores them;
so each glyph gets a private character, and layers get no width: drawn one after another, they lie on top of each other.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.tables.C_P_A_L_ import Color

TARGET = Path(__file__).resolve().parents[1] / "gpu_worker" / "fonts" / "TwemojiLayers-Bold.ttf"
_FIRST_LAYER = 0xF0000
"""Glyph N is also the character with this code plus N; `gpu_worker/typefaces/emoji_face.py` relies on it."""
_VARIANT, _ISOLATES = "ufe0f", (0x2066, 0x2069)
_UNITS_PER_EM, _ADVANCE = 448, 532
"""A picture is 512 units wide: 1.14 em, as high as capitals with some room above and below."""
_DOWN = 32
"""By how much pictures are moved down: their middle is then that of capitals, and their top is below that of lines."""
_ASCENT, _DESCENT = 415, 100
"""No more than in any text font, so that emoji do not make lines higher."""
_NAMES = {
    0: "Twemoji: Copyright Twitter, Inc. and other contributors. Font: Mozilla Foundation and Tilman Vatteroth.",
    1: "Twemoji Layers", 2: "Bold", 3: "Twemoji Layers 15.0.3", 4: "Twemoji Layers Bold", 5: "Version 15.0.3",
    6: "TwemojiLayers-Bold", 13: "Graphics: CC BY 4.0. Font: SIL Open Font License, Version 1.1.",
    14: "https://creativecommons.org/licenses/by/4.0/",
}  # fmt: skip


def main() -> None:
    """Convert the file that is the only argument."""
    font = TTFont(sys.argv[1])
    _blend_translucent_layers(font)
    _drop_variation_selectors(font)
    _map_layers(font)
    _set_metrics(font)
    font["name"].names = []
    for number, text in _NAMES.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["post"].formatType = 3.0
    for table in ("FFTM", "gasp", "cvt "):
        del font[table]
    font.flavor = None
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


def _blend_translucent_layers(font: Any) -> None:
    """Replace translucent colors by those that they have over the layer below.

    A layer's opacity would have to be undone in a caption whose words appear one by one.
    """
    palette = font["CPAL"].palettes[0]
    for layers in font["COLR"].ColorLayers.values():
        below = None
        for layer in layers:
            color = palette[layer.colorID]
            if color.alpha < 255:
                layer.colorID = len(palette)
                palette.append(_blend(color, below))
            below = palette[layer.colorID]
    font["CPAL"].numPaletteEntries = len(palette)


def _blend(color: Any, below: Any) -> Any:
    share = color.alpha / 255 if below else 1
    channels = ("blue", "green", "red")
    return Color(
        *(round(getattr(color, name) * share + getattr(below or color, name) * (1 - share)) for name in channels), 255
    )


def _drop_variation_selectors(font: Any) -> None:
    """Find sequences without U+FE0F, which texts have or lack at random; the worker drops it before it shapes."""
    for subtable in font["GSUB"].table.LookupList.Lookup[0].SubTable:
        for first, ligatures in subtable.ligatures.items():
            found: dict[tuple[str, ...], Any] = {}
            for ligature in ligatures:
                ligature.Component = [name for name in ligature.Component if name != _VARIANT]
                ligature.CompCount = len(ligature.Component) + 1
                found.setdefault(tuple(ligature.Component), ligature)
            subtable.ligatures[first] = sorted(found.values(), key=lambda one: -one.CompCount)


def _map_layers(font: Any) -> None:
    """Give each glyph a private character, in one table: with one for the BMP, libass 0.17.1 would use no other."""
    characters = {code: name for code, name in font.getBestCmap().items() if name != _VARIANT}
    characters |= dict.fromkeys(_ISOLATES, ".null")
    characters |= {_FIRST_LAYER + number: name for number, name in enumerate(font.getGlyphOrder())}
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language, table.cmap = 3, 10, 0, characters
    font["cmap"].tables = [table]


def _set_metrics(font: Any) -> None:
    advances = font["hmtx"]
    for name in font.getGlyphOrder():
        if font["glyf"][name].numberOfContours:
            font["glyf"][name].coordinates.translate((0, -_DOWN))
        width = _ADVANCE if name in font["COLR"].ColorLayers else 0
        advances[name] = (width, advances[name][1])
    font["head"].unitsPerEm = _UNITS_PER_EM
    # Bold, so that libass does not thicken it in bold captions.
    font["head"].macStyle, font["OS/2"].fsSelection, font["OS/2"].usWeightClass = 1, 0x20, 700
    heights = font["OS/2"], font["hhea"]
    heights[0].usWinAscent, heights[0].usWinDescent = _ASCENT, _DESCENT
    heights[0].sTypoAscender, heights[0].sTypoDescender, heights[0].sTypoLineGap = _ASCENT, -_DESCENT, 0
    heights[1].ascent, heights[1].descent, heights[1].lineGap = _ASCENT, -_DESCENT, 0


if __name__ == "__main__":
    main()
