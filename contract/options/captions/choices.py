"""Values that come from a list: subtitle modes, and a style's places, animations, presets and fonts."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from contract.fonts import FONTS
from contract.options.captions.presets import PRESETS


class SubtitleMode(StrEnum):
    """The form of captions: drawn into the picture, a track that viewers can switch off, or both."""

    BURN = "burn"
    """Drawn into the picture."""
    SOFT = "soft"
    """A track that viewers can switch off."""
    BOTH = "both"
    """Drawn, and a track."""


class SubtitleFormat(StrEnum):
    """The format of a subtitle file."""

    SRT = "srt"
    """SubRip, which most players and editors read."""
    VTT = "vtt"
    """WebVTT, for web pages."""
    ASS = "ass"
    """Advanced SubStation Alpha, with the style."""


class Align(StrEnum):
    """The use of the sound for the times of words, where speech recognition is installed."""

    AUTO = "auto"
    """Find the times of words in the sound, where a style needs them."""
    OFF = "off"
    """Share each caption's time among its words by their length."""


class Position(StrEnum):
    """The place of captions in the frame, or in its safe area."""

    TOP_LEFT = "top_left"
    """Top, at the left."""
    TOP_CENTER = "top_center"
    """Top, centered."""
    TOP_RIGHT = "top_right"
    """Top, at the right."""
    MIDDLE_LEFT = "middle_left"
    """Middle, at the left."""
    MIDDLE_CENTER = "middle_center"
    """Middle, centered."""
    MIDDLE_RIGHT = "middle_right"
    """Middle, at the right."""
    BOTTOM_LEFT = "bottom_left"
    """Bottom, at the left."""
    BOTTOM_CENTER = "bottom_center"
    """Bottom, centered."""
    BOTTOM_RIGHT = "bottom_right"
    """Bottom, at the right."""


class SafeArea(StrEnum):
    """The part of a portrait picture that the buttons and texts of a platform do not cover; `social` suits all."""

    NONE = "none"
    """The whole frame."""
    TIKTOK = "tiktok"
    """What TikTok leaves free."""
    REELS = "reels"
    """What Instagram Reels leaves free."""
    SHORTS = "shorts"
    """What YouTube Shorts leaves free."""
    SOCIAL = "social"
    """What all three leave free."""


class Animation(StrEnum):
    """The way in which captions enter."""

    NONE = "none"
    """At once."""
    FADE = "fade"
    """Fade in."""
    POP = "pop"
    """Grow to their size."""
    SLIDE_UP = "slide_up"
    """Move in from below."""


def _read_name(known: tuple[str, ...], what: str) -> Any:
    """Return a validator that finds a name in any case, with spaces, hyphens or underscores."""

    def plain(name: str) -> str:
        return re.sub(r"[\s_-]+", "", name).casefold()

    names = {plain(name): name for name in known}

    def read(value: Any) -> Any:
        found = names.get(plain(value[:64])) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"no such {what}; choose one of {', '.join(known)}")
        return found

    return read


read_preset = _read_name(tuple(PRESETS), "preset")
"""Return the name of a preset. Raises ValueError for any other value."""

PresetName = Annotated[
    str,
    BeforeValidator(read_preset),
    Field(description="The look to start from.", json_schema_extra={"enum": list(PRESETS)}, examples=["karaoke"]),
]
FontName = Annotated[
    str,
    BeforeValidator(_read_name(tuple(FONTS), "font")),
    Field(
        description="A font family of `GET /fonts`. By default that of the preset.",
        json_schema_extra={"enum": list(FONTS)},
        examples=["Montserrat"],
    ),
]
