"""Presets of captions: one row each. A new preset is a row here and nothing else.

Names and defaults are those of the field: the No-Code Architects Toolkit's `classic`, `karaoke`, `highlight`,
`underline` and `word_by_word` keep their names, so that its users can move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Technique(StrEnum):
    """The way in which a preset shows the word that is being spoken."""

    CUE = "cue"
    """Not at all: a caption is drawn as it is written."""
    SPOKEN = "spoken"
    """Words take the highlight color when they are spoken, and keep it."""
    ACTIVE = "active"
    """Only the word that is being spoken has the highlight color."""
    UNDERLINE = "underline"
    """The word that is being spoken is underlined and has the highlight color."""
    SINGLE = "single"
    """Only the word that is being spoken is shown."""
    POP = "pop"
    """The word that is being spoken has the highlight color, and grows for a moment."""
    FILL = "fill"
    """The highlight color sweeps through the word while it is being spoken."""
    REVEAL = "reveal"
    """Words appear when they are spoken, and stay."""


@dataclass(frozen=True, slots=True)
class Preset:
    """The defaults of a style. Sizes are in percent of the frame's short side."""

    description: str
    technique: Technique = Technique.CUE
    font: str = "Montserrat"
    size: float = 7.5
    bold: bool = True
    uppercase: bool = False
    highlight: str = "#FFFF00"
    highlight_background: str | None = None
    """The color of a box behind the word that is being spoken; None is no box."""
    background_opacity: float = 0.0
    corner_radius: float = 0.0
    """Of boxes, in percent of the height of a line."""
    outline_width: float = 0.65
    shadow: float = 0.2
    max_words_portrait: int = 4
    """`max_words` of a picture that is higher than wide; 0 is no limit. In others there is none."""


PRESETS: Mapping[str, Preset] = {
    "classic": Preset(
        "White subtitles with a black outline.",
        font="DejaVu Sans", size=5.33, outline_width=0.35, shadow=0.12, max_words_portrait=0,
    ),
    "box": Preset(
        "White subtitles on a dark box.",
        font="DejaVu Sans", size=5.33, outline_width=0.0, shadow=0.0, background_opacity=0.6, max_words_portrait=0,
    ),
    "karaoke": Preset("Words change color when they are spoken, and keep it.", Technique.SPOKEN),
    "highlight": Preset("The word that is being spoken has another color.", Technique.ACTIVE),
    "pill": Preset(
        "The word that is being spoken is on a colored pill.", Technique.ACTIVE, highlight="#FFFFFF",
        highlight_background="#7B2FF7", corner_radius=30.0, outline_width=0.4,
    ),
    "underline": Preset("The word that is being spoken is underlined.", Technique.UNDERLINE),
    "word_by_word": Preset(
        "One large word at a time.", Technique.SINGLE, font="Anton", size=11.0, uppercase=True, bold=False
    ),
    "pop": Preset(
        "The word that is being spoken grows for a moment.", Technique.POP, size=8.5, uppercase=True
    ),
    "fill": Preset("A color sweeps through each word while it is being spoken.", Technique.FILL),
    "progressive": Preset("Words appear when they are spoken, and stay.", Technique.REVEAL),
}  # fmt: skip
