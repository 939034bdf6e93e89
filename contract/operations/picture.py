"""Options of a clip made from a picture: frame rate, duration, size and fit."""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from contract.base import Message
from contract.limits import (
    DEFAULT_FRAME_RATE,
    DEFAULT_SIZE,
    MAX_DURATION,
    MAX_FRAME_RATE,
    MAX_SIDE,
    MIN_DURATION,
    MIN_FRAME_RATE,
    MIN_SIDE,
)
from contract.operations.fields import BROADCAST_RATES, AnyCase, Metavar, Number, Trimmed

_SIZE = re.compile(r"([0-9]{2,4})\s*(?:px)?\s*[xX×✕✖хХ*]\s*([0-9]{2,4})\s*(?:px)?")  # noqa: RUF001 - Cyrillic keyboards
"""A size, with any of the signs that people write between width and height."""

_EVEN_SIDE = "(6[468]|[789][02468]|[1-9][0-9][02468]|[12][0-9]{2}[02468]|3[0-7][0-9][02468]|38[0-3][02468]|3840)"


def exact_rate(frame_rate: float) -> Fraction:
    """Return the rational frame rate that a decimal stands for: 29.97 is 30000/1001 (SMPTE ST 170), 12.5 is 25/2."""
    rate = BROADCAST_RATES.get(f"{frame_rate:g}")
    return Fraction(rate * 1000, 1001) if rate else Fraction(frame_rate).limit_denominator(1001)


def frame_count(duration: float, frame_rate: float) -> int:
    """Return the number of frames in a clip from a picture: `round(duration * frame_rate)`, at least one."""
    return max(1, round(duration * frame_rate))


def _normalize_size(value: str) -> str:
    sides = _SIZE.fullmatch(value)
    if sides is None:
        raise ValueError("must be width and height in pixels")
    width, height = (int(side) for side in sides.groups())
    if not all(MIN_SIDE <= side <= MAX_SIDE and side % 2 == 0 for side in (width, height)):
        raise ValueError(f"width and height must be even numbers from {MIN_SIDE} to {MAX_SIDE}")
    return f"{width}x{height}"


class Fit(StrEnum):
    """Placement of a picture whose shape differs from the frame's. Nothing is stretched."""

    COVER = "cover"
    CONTAIN = "contain"


FrameRate = Annotated[
    float,
    Field(ge=MIN_FRAME_RATE, le=MAX_FRAME_RATE, allow_inf_nan=False, description="Frames per second.", examples=[24]),
    Number,
    Metavar("RATE"),
]
Duration = Annotated[
    float,
    Field(
        ge=MIN_DURATION, le=MAX_DURATION, allow_inf_nan=False, description="Length of the clip in seconds.",
        examples=[5],
    ),
    Number,
    Metavar("SECONDS"),
]  # fmt: skip
Size = Annotated[
    str,
    Trimmed,
    AfterValidator(_normalize_size),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_EVEN_SIDE}[xX]{_EVEN_SIDE}$",
            "description": f"Width and height in pixels, both even, from {MIN_SIDE} to {MAX_SIDE}.",
            "examples": ["1080x1920"],
        }
    ),
    Metavar("WxH"),
]
FitChoice = Annotated[
    Fit,
    AnyCase,
    Field(
        description="`cover` fills the frame and crops the rest, `contain` begins with the whole picture on black.",
        examples=[Fit.COVER],
    ),
]


class PictureOptions(Message):
    """Options that turn a picture into a clip."""

    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    size: Size = DEFAULT_SIZE
    fit: FitChoice = Fit.COVER
