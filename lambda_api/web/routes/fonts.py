"""The fonts and presets that captions can have."""

from __future__ import annotations

from typing import Literal

from contract.fonts import FONTS, IMAGE_FONTS, Font
from contract.options.captions.presets import PRESETS
from lambda_api.web.routes.base import keyed_router
from lambda_api.web.validation.schemas import FontList, FontView, PresetView

router = keyed_router("Captions")


@router.get("/fonts")
async def list_fonts() -> FontList:
    """List the fonts and presets of captions."""
    return FontList(
        fonts=[
            *(_view(name, font, "shipped") for name, font in FONTS.items()),
            *(_view(name, font, "image") for name, font in IMAGE_FONTS.items()),
        ],
        presets=[
            PresetView(name=name, description=preset.description, font=preset.font) for name, preset in PRESETS.items()
        ],
    )


def _view(name: str, font: Font, source: Literal["shipped", "image"]) -> FontView:
    return FontView(
        name=name, styles=list(font.styles), scripts=list(font.scripts), license=font.license, source=source
    )
