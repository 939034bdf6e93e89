from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from contract.artifacts import SUBTITLE_TYPES, Artifact, ArtifactKind, image
from contract.limits import MAX_SIDE
from contract.operations.base import Operation, examples
from contract.options.fields import AnyCase, Flag, Metavar, Number
from contract.options.inputs import CLIP, VideoUrl
from contract.options.picture.moments import MAX_MOMENT

MAX_COUNT = 100
MIN_WIDTH, MAX_SPRITE_WIDTH, SPRITE_WIDTH = 16, 640, 160
AUTO = "auto"

_MOMENT = re.compile(r"auto|([0-9]{1,2}(\.[0-9]{1,6})?|100)%")


class ImageFormat(StrEnum):
    """The format of a picture."""

    JPG = "jpg"
    """JPEG, the smallest that everything reads."""
    PNG = "png"
    """PNG, without loss."""
    WEBP = "webp"
    """WebP: smaller, for web pages."""


def _read_at(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a time")  # noqa: TRY004 - pydantic reports only a ValueError
    if isinstance(value, str):
        text = value.strip().lower().replace(" ", "")
        if _MOMENT.fullmatch(text):
            return text
        try:
            value = float(text)
        except ValueError:
            raise ValueError('must be "auto", seconds, or a share such as "50%"') from None
    if isinstance(value, int | float) and not 0 <= value <= MAX_MOMENT:
        raise ValueError(f"must be from 0 to {MAX_MOMENT:g} seconds")
    return value


At = Annotated[
    float | str,
    BeforeValidator(_read_at),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^({_MOMENT.pattern})$"},
                {"type": "number", "minimum": 0.0, "maximum": MAX_MOMENT},
            ],
            "description": (
                "Time of the picture: `auto`, seconds, or a share of the video such as `50%`. `auto` avoids black, "
                "plain and blurred pictures and takes the most typical one."
            ),
            "examples": [12.5],
        }
    ),
    Metavar("auto|SECONDS|PERCENT"),
]


class Thumbnail(Operation):
    """Make pictures of a video.

    The result has no video. With `count` 1 its artifact is `thumbnail.jpg`; else these are `thumbnail_1.jpg`,
    `thumbnail_2.jpg` and so on, spread evenly over the video. With `sprite` all pictures are in one sheet,
    `sprite.jpg`, with their places and times in `sprite.vtt`, as players show them over the progress bar. Pictures are
    upright, in square pixels and in sRGB; HDR is converted.
    """

    model_config = examples({"url_video": CLIP}, {"url_video": CLIP, "count": 20, "sprite": True})

    path: ClassVar[str] = "/video/thumbnail"
    kind: Literal["thumbnail"] = "thumbnail"
    url_video: VideoUrl
    at: At = AUTO
    count: Annotated[
        int,
        Field(ge=1, le=MAX_COUNT, description="Number of pictures.", examples=[20]),
        Number,
        Metavar("NUMBER"),
    ] = 1
    width: Annotated[
        Annotated[
            int,
            Field(
                ge=MIN_WIDTH,
                le=MAX_SIDE,
                description=(
                    "Width of each picture in pixels. By default that of the video, or 160 in a sprite. Pictures keep "
                    "their shape and are never enlarged."
                ),
                examples=[640],
            ),
            Number,
        ]
        | None,
        Metavar("PIXELS"),
    ] = None
    format: Annotated[
        ImageFormat, AnyCase, Field(description="Format of the pictures.", examples=[ImageFormat.WEBP])
    ] = ImageFormat.JPG
    sprite: Annotated[
        bool, Flag, Field(description="Whether all pictures are in one sheet.", examples=[True]), Metavar("true|false")
    ] = False

    def artifacts(self) -> tuple[Artifact, ...]:
        if self.sprite:
            index = Artifact("sprite.vtt", ArtifactKind.DATA, SUBTITLE_TYPES["vtt"])
            return image("sprite", self.format), index
        if self.count == 1:
            return (image("thumbnail", self.format),)
        return tuple(image(f"thumbnail_{number}", self.format) for number in range(1, self.count + 1))

    def needs_typical_frame(self) -> bool:
        return self.at == AUTO and self.count == 1

    def keeps_sound_of(self, _field: str) -> bool:
        return False

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        if self.count > 1 and self.at != AUTO:
            raise ValueError("`count` above 1 spreads the pictures over the video; leave out `at` or `count`")
        if self.sprite and self.count == 1:
            raise ValueError("`sprite` is a sheet of several pictures; send a `count` above 1")
        if self.sprite and self.width is not None and self.width > MAX_SPRITE_WIDTH:
            raise ValueError(f"`width` is at most {MAX_SPRITE_WIDTH} with `sprite`; send a smaller one")
        return self
