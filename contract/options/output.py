"""Options of the finished file: quality, format, a poster, and its name for downloads."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from contract.artifacts import POSTER, VIDEO_FILES, Artifact, VideoFormat
from contract.base import Message
from contract.options.fields import AnyCase, Metavar, Number, OrText, Trimmed, number_field
from contract.options.group import OptionGroup

MAX_GIF_SECONDS, GIF_SIDE = 30, 480
"""Limits of a GIF: its duration, and its short side in pixels."""
DRAFT_SIDE = 540
"""The longest short side of a draft, in pixels."""
_MAX_POSTER_SECONDS = 86_400
_FILENAME = "[A-Za-z0-9._-]{1,100}"


class Quality(StrEnum):
    """The effort of the encode: `draft` is half as large, for a first look."""

    DRAFT = "draft"
    """Fast, and at most half the size, for a first look."""
    STANDARD = "standard"
    """The usual effort."""
    HIGH = "high"
    """Larger, and closer to the source."""


QualityChoice = Annotated[
    Quality,
    AnyCase,
    Field(
        description=(
            "`draft` is fast and at most half the size, for a first look; `high` is larger and closer to the source. "
            "A picture that is copied stays as it is."
        ),
        examples=[Quality.DRAFT],
    ),
]
FormatChoice = Annotated[
    VideoFormat,
    AnyCase,
    Field(
        description=(
            "`mp4` is H.264, which everything plays; `mp4_hevc` is smaller; `webm` is VP9 and Opus; `gif` has no "
            f"sound, 12.5 frames per second, at most {MAX_GIF_SECONDS} s and a short side of at most {GIF_SIDE} pixels."
        ),
        examples=[VideoFormat.WEBM],
    ),
]


class Poster(Message):
    """A picture of the finished video."""

    at: Annotated[
        float | None,
        number_field(0, _MAX_POSTER_SECONDS, "Its time in seconds, by default that of a typical picture.", 1.5),
        Number,
    ] = None


def _read_poster(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        value = value.strip().lower() == "true"
    if isinstance(value, bool):
        return {} if value else None
    return value


def _check_filename(name: str) -> str:
    if not re.fullmatch(_FILENAME, name):
        raise ValueError("must have only letters, digits, `.`, `_` and `-`, at most 100")
    return name


PosterChoice = Annotated[
    Poster | None,
    BeforeValidator(_read_poster),
    OrText({"type": "boolean"}),
    Field(description="A JPEG of the finished video as a further file: true, or an object with `at`.", examples=[True]),
    Metavar("true|JSON"),
]
Filename = Annotated[
    str,
    Field(
        description="Name under which browsers save the video: letters, digits, `.`, `_` and `-`.",
        examples=["summer-short.mp4"],
        json_schema_extra={"pattern": f"^{_FILENAME}$"},
    ),
    Trimmed,
    AfterValidator(_check_filename),
    Metavar("NAME"),
]


class OutputOptions(OptionGroup):
    """Options of the finished file."""

    quality: QualityChoice = Quality.STANDARD
    format: FormatChoice = VideoFormat.MP4
    poster: PosterChoice = None
    output_filename: Filename | None = None

    def main_artifact(self) -> Artifact:
        return VIDEO_FILES[self.format]

    def further_artifacts(self) -> tuple[Artifact, ...]:
        return (*((POSTER,) if self.poster is not None else ()), *super().further_artifacts())

    def download_name(self) -> str | None:
        """Return the name under which the main file is saved, with its ending; None if the request states none."""
        if self.output_filename is None:
            return None
        ending = "." + self.main_artifact().name.rpartition(".")[2]
        return self.output_filename if self.output_filename.lower().endswith(ending) else self.output_filename + ending

    def final_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size of the finished picture: smaller than `size` in a draft and in a GIF."""
        factor = 1.0
        if self.quality is Quality.DRAFT:
            factor = min(0.5, DRAFT_SIDE / min(size))
        if self.format is VideoFormat.GIF:
            factor = min(factor, GIF_SIDE / min(size))
        if factor == 1:
            return size
        width, height = (max(2, 2 * round(side * factor / 2)) for side in size)
        return width, height

    @model_validator(mode="after")
    def _check_format(self) -> Self:
        has_track = getattr(self, "subtitle_mode", "burn") != "burn"
        if has_track and self.format not in {VideoFormat.MP4, VideoFormat.MP4_HEVC}:
            raise ValueError("a subtitle track needs `format` `mp4` or `mp4_hevc`; or send `subtitle_mode` `burn`")
        return self
