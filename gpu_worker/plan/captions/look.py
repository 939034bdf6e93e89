"""The look of captions in pixels: a style, its preset, and the size of the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from contract.options.captions.choices import Animation, Position
from contract.options.captions.presets import PRESETS, Technique
from contract.options.captions.style import CaptionStyle
from gpu_worker.plan.captions.safe_area import Region, caption_region
from gpu_worker.plan.measure import Typefaces

_T = TypeVar("_T")

_ANCHORS = {position: 7 - index // 3 * 3 + index % 3 for index, position in enumerate(Position)}
"""Positions as on a number pad: 7 is top left, 3 is bottom right."""
_MIN_EM = 7.0
_SHADOW_OPACITY = 0.5
WORD_PADDING = 0.2
"""Em at the sides of a word whose box is drawn: less than a space, so that boxes do not touch neighbors."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that a script says about the look of captions. Lengths in pixels, colors as ASS writes them."""

    technique: Technique
    font: str
    em: float
    is_bold: bool
    is_italic: bool
    is_uppercase: bool
    text: str
    highlight: str
    outline: str
    shadow_color: str
    box: str | None
    """The color of the box behind the text; None for no box."""
    word_box: str | None
    """The color of the box behind the spoken word; None for no box."""
    corner_radius: float
    """Share of the height of a line by which the corners of boxes are rounded."""
    outline_width: float
    shadow: float
    region: Region
    frame: tuple[int, int]
    """Width and height of the picture."""
    anchor: int | None
    """As on a number pad; None to follow the subtitles."""
    shift: tuple[float, float]
    rotation: float
    animation: Animation
    max_words: int
    max_characters: int
    max_lines: int

    @property
    def is_paged(self) -> bool:
        """True if captions are split into pages of words, False if each is drawn as it is written.

        A page's size is known, which a turned or moved text needs in order to stay in the frame.
        """
        is_limited = bool(self.max_words or self.max_characters or self.rotation or any(self.shift))
        return self.technique is not Technique.CUE or is_limited or self.has_drawn_box

    @property
    def has_drawn_box(self) -> bool:
        """True if the box is a drawing, because the renderer's has sharp corners, does not turn, and covers others."""
        return self.box is not None and bool(self.rotation or self.corner_radius or self.word_box)


def resolve_look(style: CaptionStyle, size: tuple[int, int]) -> Look:
    """Return the look of a style in a frame of `size`."""
    preset = PRESETS[style.preset]
    width, height = size
    percent = min(size) / 100
    colors = style.colors
    opacity = _first(style.background_opacity, preset.background_opacity)
    word_box = colors.highlight_background or preset.highlight_background
    max_words = _first(style.max_words, preset.max_words_portrait if height > width else 0)
    return Look(
        technique=preset.technique,
        font=_first(style.font, preset.font),
        em=max(_MIN_EM, _first(style.size, preset.size) * percent),
        is_bold=_first(style.bold, preset.bold),
        is_italic=style.italic,
        is_uppercase=_first(style.uppercase, preset.uppercase),
        text=ass_color(colors.text or "#FFFFFF"),
        highlight=ass_color(colors.highlight or preset.highlight),
        outline=ass_color(colors.outline or "#000000"),
        shadow_color=ass_color(colors.outline or "#000000", _SHADOW_OPACITY),
        box=ass_color(colors.background or "#000000", opacity) if opacity else None,
        word_box=ass_color(word_box) if word_box else None,
        corner_radius=_first(style.corner_radius, preset.corner_radius) / 100,
        outline_width=_at_least_one_pixel(_first(style.outline_width, preset.outline_width) * percent),
        shadow=_first(style.shadow, preset.shadow) * percent,
        region=caption_region(style, size),
        frame=size,
        anchor=_ANCHORS[style.position] if style.position else None,
        shift=(style.offset.x * width / 100, style.offset.y * height / 100),
        rotation=style.rotation,
        animation=style.animation,
        max_words=1 if preset.technique is Technique.SINGLE else max_words,
        max_characters=style.max_characters,
        max_lines=style.max_lines,
    )


def text_width(text: str, look: Look, faces: Typefaces) -> float:
    """Return the width of a line in pixels."""
    return faces.width(text, look.font, bold=look.is_bold, italic=look.is_italic) * look.em


def ass_color(color: str, opacity: float = 1.0) -> str:
    """Return `#RRGGBB` or `#RRGGBBAA` as ASS writes it: `&HAABBGGRR`, where an alpha of 00 is opaque."""
    red, green, blue = color[1:3], color[3:5], color[5:7]
    alpha = 255 - round((int(color[7:9], 16) if len(color) == 9 else 255) * opacity)
    return f"&H{alpha:02X}{blue}{green}{red}"


def color_tags(color: str, number: int = 1) -> str:
    """Return the commands that set a color and its opacity: 1 is that of the letters, 2 of those not yet sung."""
    return f"\\{number}c&H{color[4:]}&\\{number}a&H{color[2:4]}&"


def _at_least_one_pixel(width: float) -> float:
    """Return the width of an outline that can be seen, or 0 for none."""
    return max(1.0, width) if width else 0.0


def _first(given: _T | None, default: _T) -> _T:
    return default if given is None else given
