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
    SOFT = "soft"
    BOTH = "both"


class SubtitleFormat(StrEnum):
    """The format of a subtitle file."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"


class Align(StrEnum):
    """The use of the sound for the times of words, where speech recognition is installed."""

    AUTO = "auto"
    OFF = "off"


class Position(StrEnum):
    """The place of captions in the frame, or in its safe area."""

    TOP_LEFT = "top_left"
    TOP_CENTER = "top_center"
    TOP_RIGHT = "top_right"
    MIDDLE_LEFT = "middle_left"
    MIDDLE_CENTER = "middle_center"
    MIDDLE_RIGHT = "middle_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_CENTER = "bottom_center"
    BOTTOM_RIGHT = "bottom_right"


class SafeArea(StrEnum):
    """The part of a portrait picture that the buttons and texts of a platform do not cover; `social` suits all."""

    NONE = "none"
    TIKTOK = "tiktok"
    REELS = "reels"
    SHORTS = "shorts"
    SOCIAL = "social"


class Animation(StrEnum):
    """The way in which captions enter."""

    NONE = "none"
    FADE = "fade"
    POP = "pop"
    SLIDE_UP = "slide_up"


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
