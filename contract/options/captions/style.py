"""The style of captions: a preset and what differs from it.

All sizes are in percent of the frame's short side, so that a style looks the same at every size and shape.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from contract.base import Message
from contract.options.captions.choices import Animation, FontName, Position, PresetName, SafeArea, read_preset
from contract.options.captions.presets import PRESETS
from contract.options.colors import Color
from contract.options.fields import AnyCase, Flag, Metavar, Number, OrText, number_field


class CaptionColors(Message):
    """Colors as `#RRGGBB` or, with opacity, `#RRGGBBAA`."""

    text: Annotated[Color | None, Field(description="The text, by default white.")] = None
    highlight: Annotated[Color | None, Field(description="The word that is being spoken, by default yellow.")] = None
    highlight_background: Annotated[
        Color | None, Field(description="A box behind the word that is being spoken, by default only in `pill`.")
    ] = None
    outline: Annotated[Color | None, Field(description="Outline and shadow, by default black.")] = None
    background: Annotated[Color | None, Field(description="The box behind the text, by default black.")] = None


class Offset(Message):
    """A shift from the position, in percent of the frame's width and height; positive is right and down."""

    x: Annotated[float, number_field(-50, 50, "To the right, in percent of the width.", 5), Number] = 0.0
    y: Annotated[float, number_field(-50, 50, "Down, in percent of the height.", -5), Number] = 0.0


class Margin(Message):
    """Free space at the edges of the frame."""

    x: Annotated[float | None, number_field(0, 25, "At the sides, in percent of the width.", 6), Number] = None
    y: Annotated[float | None, number_field(0, 25, "At top and bottom, in percent of the height.", 8), Number] = None


def _read_margin(value: Any) -> Any:
    return {"x": value, "y": value} if isinstance(value, int | float | str) and not isinstance(value, bool) else value


def _read_style(value: Any) -> Any:
    return {"preset": read_preset(value)} if isinstance(value, str) else value


class CaptionStyle(Message):
    """The look of captions. A field that is left out has the preset's value."""

    preset: PresetName = "classic"
    font: FontName | None = None
    size: Annotated[
        float | None, number_field(2, 25, "Font size as in CSS, in percent of the frame's short side.", 8), Number
    ] = None
    bold: Annotated[Annotated[bool, Flag] | None, Field(description="Bold letters.", examples=[True])] = None
    italic: Annotated[bool, Flag, Field(description="Italic letters.", examples=[True])] = False
    uppercase: Annotated[Annotated[bool, Flag] | None, Field(description="Capital letters only.", examples=[True])] = (
        None
    )
    colors: CaptionColors = CaptionColors()
    background_opacity: Annotated[
        float | None, number_field(0, 1, "Opacity of the box behind the text: 0 is no box.", 0.6), Number
    ] = None
    corner_radius: Annotated[
        float | None,
        number_field(0, 50, "Rounding of boxes, in percent of the height of a line: 50 is a half circle.", 30),
        Number,
    ] = None
    outline_width: Annotated[
        float | None, number_field(0, 2, "Width of the outline, in percent of the short side.", 0.6), Number
    ] = None
    shadow: Annotated[
        float | None, number_field(0, 2, "Distance of the shadow, in percent of the short side.", 0.2), Number
    ] = None
    position: Annotated[
        Position | None,
        AnyCase,
        Field(
            description="Place in the frame or its safe area, by default where the subtitles say, else the bottom.",
            examples=[Position.MIDDLE_CENTER],
        ),
    ] = None
    offset: Offset = Offset()
    margin: Annotated[
        Margin,
        BeforeValidator(_read_margin),
        OrText({"type": "number", "minimum": 0, "maximum": 25}),
        Field(description="Free space at the edges in percent: a number, or `x` and `y`."),
    ] = Margin()
    safe_area: Annotated[
        SafeArea | None,
        AnyCase,
        Field(
            description="Part of the picture that a platform's buttons leave free, by default `social` in portrait.",
            examples=[SafeArea.TIKTOK],
        ),
    ] = None
    max_words: Annotated[
        int | None, Field(ge=0, le=20, description="Words shown at once; 0 is as many as fit.", examples=[3]), Number
    ] = None
    max_characters: Annotated[
        int, Field(ge=0, le=80, description="Characters shown at once; 0 is as many as fit.", examples=[20]), Number
    ] = 0
    max_lines: Annotated[
        int, Field(ge=1, le=4, description="Lines shown at once by word styles.", examples=[1]), Number
    ] = 2
    rotation: Annotated[float, number_field(-45, 45, "Degrees by which the text is turned clockwise.", -5), Number] = (
        0.0
    )
    animation: Annotated[
        Animation, AnyCase, Field(description="The way in which captions enter.", examples=[Animation.FADE])
    ] = Animation.NONE


StyleChoice = Annotated[
    CaptionStyle,
    BeforeValidator(_read_style),
    OrText({"type": "string", "enum": list(PRESETS)}),
    Field(
        description="The look of the captions: the name of a preset, or an object with `preset` and what differs.",
        examples=["karaoke"],
        json_schema_extra={"default": "classic"},
    ),
    Metavar("NAME|JSON"),
]
