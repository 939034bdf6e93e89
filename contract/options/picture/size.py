"""Size of the output: width and height, or a shape and a resolution."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from contract.limits import MAX_SIDE, MIN_SIDE
from contract.options.fields import AnyCase, Metavar, Trimmed
from contract.options.group import OptionGroup
from contract.options.picture.fit import BackgroundColor, Fit, FitChoice

_SIZE = re.compile(r"([0-9]{2,4})\s*(?:px)?\s*[xX×✕✖хХ*]\s*([0-9]{2,4})\s*(?:px)?")  # noqa: RUF001 - Cyrillic keyboards
"""A size, with any of the signs that people write between width and height."""

_EVEN_SIDE = "(6[468]|[789][02468]|[1-9][0-9][02468]|[12][0-9]{2}[02468]|3[0-7][0-9][02468]|38[0-3][02468]|3840)"


class Shape(StrEnum):
    """Width to height."""

    WIDE = "16:9"
    """Landscape, as television and YouTube show it."""
    TALL = "9:16"
    """Portrait, as telephones show it."""
    SQUARE = "1:1"
    """As high as wide."""
    PORTRAIT_4_5 = "4:5"
    """Portrait, of a feed."""
    LANDSCAPE_4_3 = "4:3"
    """Landscape, of old television."""
    PORTRAIT_3_4 = "3:4"
    """Portrait, of a photo."""
    CINEMA = "21:9"
    """Very wide, of the cinema."""


SHAPES = {"tiktok": Shape.TALL, "reels": Shape.TALL, "shorts": Shape.TALL, "square": Shape.SQUARE}
"""Shapes by the names of the platforms that use them."""


class Resolution(StrEnum):
    """The short side of the frame in pixels, by its usual name."""

    P480 = "480p"
    """480 pixels."""
    P720 = "720p"
    """720 pixels."""
    P1080 = "1080p"
    """1080 pixels."""
    P1440 = "1440p"
    """1440 pixels."""
    K4 = "4k"
    """2160 pixels."""

    @property
    def short_side(self) -> int:
        return 2160 if self is Resolution.K4 else int(self.value[:-1])


def _normalize_size(value: str) -> str:
    sides = _SIZE.fullmatch(value)
    if sides is None:
        raise ValueError("must be width and height in pixels")
    width, height = (int(side) for side in sides.groups())
    if not all(MIN_SIDE <= side <= MAX_SIDE and side % 2 == 0 for side in (width, height)):
        raise ValueError(f"width and height must be even numbers from {MIN_SIDE} to {MAX_SIDE}")
    return f"{width}x{height}"


def _read_shape(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = re.sub(r"\s", "", value.lower()).replace("/", ":").replace("x", ":")
    return SHAPES.get(text, text)


def parse_size(size: str) -> tuple[int, int]:
    """Parse a validated size such as `1920x1080`."""
    width, height = size.split("x")
    return int(width), int(height)


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
AspectRatio = Annotated[
    Shape,
    BeforeValidator(_read_shape),
    WithJsonSchema(
        {
            "type": "string",
            "enum": [*Shape, *SHAPES],
            "description": "Shape of the frame; `tiktok`, `reels` and `shorts` are 9:16, `square` is 1:1.",
            "examples": ["9:16"],
        }
    ),
]
ResolutionChoice = Annotated[
    Resolution,
    AnyCase,
    Field(
        description="Short side of the frame: `1080p` is 1920x1080 in 16:9 and 1080x1920 in 9:16.",
        examples=[Resolution.P1080],
    ),
]


class SizeOptions(OptionGroup):
    """Size of the frame, and the placement of pictures in it. Without any of its fields a video keeps its size."""

    size: Size | None = None
    aspect_ratio: AspectRatio | None = None
    resolution: ResolutionChoice | None = None
    fit: FitChoice = Fit.COVER
    background: BackgroundColor = "#000000"

    @property
    def has_size(self) -> bool:
        """Return True if the request states anything about the size."""
        return (self.size or self.aspect_ratio or self.resolution) is not None

    def frame_size(self, own: tuple[int, int]) -> tuple[int, int]:
        """Return width and height of the frame for a picture of the size `own`, both even.

        A shape without a resolution keeps the short side of `own`; a resolution without a shape keeps its shape.
        """
        if self.size is not None:
            return parse_size(self.size)
        if not self.has_size:
            return own
        width, height = self._requested(own)
        return _even(width), _even(height)

    def _requested(self, own: tuple[int, int]) -> tuple[float, float]:
        short = self.resolution.short_side if self.resolution else min(own)
        across, down = map(int, self.aspect_ratio.split(":")) if self.aspect_ratio else own
        return short * max(1.0, across / down), short * max(1.0, down / across)

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if self.size is not None and (self.aspect_ratio is not None or self.resolution is not None):
            raise ValueError("send `size`, or `aspect_ratio` and `resolution`; leave out one of the two")
        if self.aspect_ratio is not None and max(self._requested((MIN_SIDE, MIN_SIDE))) > MAX_SIDE:
            raise ValueError(
                f"`resolution` is too large for this `aspect_ratio`: a side has at most {MAX_SIDE} pixels; send a "
                "smaller one"
            )
        return self


def _even(side: float) -> int:
    """Return the nearest even number within the limits of a side."""
    return min(MAX_SIDE, max(MIN_SIDE, 2 * round(side / 2)))
