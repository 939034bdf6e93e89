"""What a client can ask for. One model per operation, told apart by `kind`.

Field names starting with `url_` are the inputs; everything else shapes the picture or the sound.
Adding an operation starts here: a model, a line in `Operation`, and its inputs name themselves.
"""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema, model_validator

from contract.base import Message
from contract.limits import (
    DEFAULT_DURATION,
    DEFAULT_FRAME_RATE,
    MAX_DURATION,
    MAX_FRAME_RATE,
    MAX_SIDE,
    MAX_URL_LENGTH,
    MIN_DURATION,
    MIN_FRAME_RATE,
    MIN_SIDE,
)
from contract.urls import UrlError, normalise_url

URL_EXAMPLE = "https://example.com/clip.mp4"


def _trim(value: Any) -> Any:
    return value.strip(" \r\n\t") if isinstance(value, str) else value


def _trim_lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _url(value: str) -> str:
    try:
        return normalise_url(value)
    except UrlError as error:
        raise ValueError(str(error)) from None


Trimmed = BeforeValidator(_trim)

Url = Annotated[
    str,
    Trimmed,
    AfterValidator(_url),
    Field(examples=[URL_EXAMPLE]),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uri",
            "maxLength": MAX_URL_LENGTH,
            "description": "An http or https address that is public. Spaces and accents in it are encoded for you.",
            "examples": [URL_EXAMPLE],
        }
    ),
]
"""An http(s) URL, normalised (`contract.urls`). Whether its address may be contacted is decided later."""


_DECIMAL_COMMA = re.compile(r"[0-9]{1,3},[0-9]{1,2}")
"""A comma that groups thousands has three digits behind it."""


def _number(value: Any) -> Any:
    """Read a decimal comma where it can be nothing else. Pydantic would take `true` for 1."""
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic reports only a ValueError
    if isinstance(value, str):
        text = value.strip()
        point = text.replace(",", ".")
        return point if _DECIMAL_COMMA.fullmatch(text) or point in _NTSC else text
    return value


Number = BeforeValidator(_number)
"""A number, or one as text."""

FrameRate = Annotated[
    float,
    Field(ge=MIN_FRAME_RATE, le=MAX_FRAME_RATE, allow_inf_nan=False, description="Frames per second.", examples=[24]),
    Number,
]
Duration = Annotated[
    float,
    Field(ge=MIN_DURATION, le=MAX_DURATION, allow_inf_nan=False, description="Seconds.", examples=[5]),
    Number,
]
Volume = Annotated[
    float,
    Field(ge=0.0, le=4.0, allow_inf_nan=False, description="Of the new sound: 1 leaves it as it is.", examples=[0.5]),
    Number,
]

_NTSC = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "47.95": 48, "59.94": 60}


def exact_rate(frame_rate: float) -> Fraction:
    """The rational frame rate meant by a decimal: 29.97 is 30000/1001 (SMPTE ST 170), 12.5 is 25/2."""
    ntsc = _NTSC.get(f"{frame_rate:g}")
    return Fraction(ntsc * 1000, 1001) if ntsc else Fraction(frame_rate).limit_denominator(1001)


def frame_count(duration: float, frame_rate: float) -> int:
    """Frames in a clip made from a still: `round(duration * frame_rate)`, at least one."""
    return max(1, round(duration * frame_rate))


_SIZE = re.compile(r"([0-9]{2,4})\s*(?:px)?\s*[xX×✕✖хХ*]\s*([0-9]{2,4})\s*(?:px)?")  # noqa: RUF001 - Cyrillic keyboards


def _size(value: str) -> str:
    """Accept the signs that people write between two sides."""
    sides = _SIZE.fullmatch(value)
    if sides is None:
        raise ValueError("must be width and height in pixels")
    width, height = (int(side) for side in sides.groups())
    if not all(MIN_SIDE <= side <= MAX_SIDE and side % 2 == 0 for side in (width, height)):
        raise ValueError(f"width and height must be even numbers from {MIN_SIDE} to {MAX_SIDE}")
    return f"{width}x{height}"


_EVEN_SIDE = "(6[468]|[789][02468]|[1-9][0-9][02468]|[12][0-9]{2}[02468]|3[0-7][0-9][02468]|38[0-3][02468]|3840)"

Size = Annotated[
    str,
    Trimmed,
    AfterValidator(_size),
    Field(examples=["1080x1920"]),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_EVEN_SIDE}[xX]{_EVEN_SIDE}$",
            "description": f"Width and height in pixels, both even, from {MIN_SIDE} to {MAX_SIDE}.",
            "examples": ["1080x1920"],
        }
    ),
]
"""`WIDTHxHEIGHT` in pixels, both even: 1920x1080, 1080x1920, 1080x1080…"""


class Fit(StrEnum):
    """How a picture of another shape meets the frame. Nothing is ever stretched."""

    COVER = "cover"
    """Fill the frame and crop what stands over."""
    CONTAIN = "contain"
    """Begin with all of the picture on black; the zoom then moves into it."""


class AudioMode(StrEnum):
    REPLACE = "replace"
    """Only the new sound is heard."""
    MIX = "mix"
    """The new sound is laid over the video's own."""


AnyCase = BeforeValidator(_trim_lower)
"""A choice, in capital or small letters."""
FitChoice = Annotated[Fit, AnyCase, Field(examples=[Fit.COVER])]
AudioModeChoice = Annotated[AudioMode, AnyCase, Field(examples=[AudioMode.MIX])]


class Role(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    SUBTITLES = "subtitles"


_ROLES = {
    "url_video": Role.VIDEO,
    "url_audio": Role.AUDIO,
    "url_image": Role.IMAGE,
    "url_srt": Role.SUBTITLES,
}


class Input(NamedTuple):
    """One file to fetch: the field that names it, what it should be, and where it is."""

    field: str
    role: Role
    url: str


def _documented(smallest: dict[str, JsonValue]) -> ConfigDict:
    """For the document of the API: the smallest request."""
    return ConfigDict(json_schema_extra={"examples": [smallest]})


_VIDEO, _IMAGE = "https://media.example.com/clip.mp4", "https://media.example.com/photo.jpg"
_AUDIO, _SRT = "https://media.example.com/narration.mp3", "https://media.example.com/captions.srt"


class _Operation(Message):
    kind: str

    path: ClassVar[str]
    """The route that submits it."""

    def inputs(self) -> tuple[Input, ...]:
        """The inputs that are present, in the order the fields are declared."""
        present = ((name, getattr(self, name)) for name in type(self).model_fields if name in _ROLES)
        return tuple(Input(name, _ROLES[name], url) for name, url in present if url is not None)


class Caption(_Operation):
    """Draw the subtitles into the picture; the sound is copied."""

    model_config = _documented({"url_video": _VIDEO, "url_srt": _SRT})

    path: ClassVar[str] = "/video/caption"
    kind: Literal["caption"] = "caption"
    url_video: Url
    url_srt: Url


class Img2Vid(_Operation):
    """Turn a still into a clip with a slow, centred zoom (1.0 to 1.324)."""

    model_config = _documented({"url_image": _IMAGE})

    path: ClassVar[str] = "/video/img2vid"
    kind: Literal["img2vid"] = "img2vid"
    url_image: Url
    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    duration: Duration = DEFAULT_DURATION
    size: Size = "1920x1080"
    fit: FitChoice = Fit.COVER


class AddAudio(_Operation):
    """Put a sound under a video. The result ends with the shorter of the two."""

    model_config = _documented({"url_video": _VIDEO, "url_audio": _AUDIO})

    path: ClassVar[str] = "/video/addaudio"
    kind: Literal["addaudio"] = "addaudio"
    url_video: Url
    url_audio: Url
    mode: AudioModeChoice = AudioMode.REPLACE
    volume: Volume = 1.0


class Compose(_Operation):
    """Picture (or video), sound and subtitles in one encode.

    Send exactly one of `url_image` and `url_video`; with `url_video` also `url_audio`, `url_srt` or both.
    From a picture, the clip lasts `duration`, or as long as the sound, or 5 s. From a video with
    `url_audio` it ends with the shorter of the two; without, the video keeps its own sound.
    `frame_rate`, `duration`, `size` and `fit` apply to a picture only.
    """

    model_config = _documented({"url_image": _IMAGE, "url_audio": _AUDIO, "url_srt": _SRT})

    path: ClassVar[str] = "/video/compose"
    kind: Literal["compose"] = "compose"
    url_image: Url | None = None
    url_video: Url | None = None
    url_audio: Url | None = None
    url_srt: Url | None = None
    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    duration: Duration | None = None
    size: Size = "1920x1080"
    fit: FitChoice = Fit.COVER

    @model_validator(mode="after")
    def _one_picture(self) -> Self:
        if (self.url_image is None) == (self.url_video is None):
            raise ValueError("send url_image or url_video, exactly one of the two")
        if self.url_video is not None and self.url_audio is None and self.url_srt is None:
            raise ValueError("send url_audio or url_srt, or both, with url_video")
        return self


Operation = Annotated[Caption | Img2Vid | AddAudio | Compose, Field(discriminator="kind")]
OPERATIONS: tuple[type[Caption] | type[Img2Vid] | type[AddAudio] | type[Compose], ...] = (
    Caption,
    Img2Vid,
    AddAudio,
    Compose,
)
