"""Options of captions: where their text comes from, what is changed in it, and how it looks."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from contract.artifacts import Artifact, subtitles
from contract.base import Message
from contract.limits import MAX_CAPTION_BYTES, MAX_CAPTION_SECONDS
from contract.operations.base import OptionGroup
from contract.operations.captions.choices import Align, SubtitleFormat, SubtitleMode
from contract.operations.captions.style import CaptionStyle, StyleChoice
from contract.operations.captions.words import Words
from contract.operations.fields import AnyCase, ChoiceList, Metavar, Number, Trimmed, ValidUnicode
from contract.operations.inputs import SubtitlesUrl
from contract.operations.stored import stored_reference

_TIMED = re.compile(
    r"""
    -->                                                                   # SRT, WebVTT, the output of Whisper
    | \d:\d\d(?::\d\d|[.,]\d)[\d:.,]*[^\w\n]{1,9}\d{1,3}:\d\d             # two times with another sign in between
    | ^\W*\[(?:Script\ Info|V4\+?\ Styles\+?|Events)\] | ^\s*Dialogue\s?: .{0,40} \d:\d\d:\d\d             # ASS, SSA
    """,
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
"""Marks of a subtitle format. Text without any is plain text."""
_LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,8}"

_UNDRAWN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that are not drawn."""
_MAX_REPLACEMENT = 100

AUTO = "auto"
"""The value of `captions` that requests captions of what is said."""

SOURCES = ("url_srt", "captions", "words")
"""The fields that captions can come from."""


def _check_text(text: str) -> str:
    if text.strip().lower() == AUTO:
        return AUTO
    if len(text.encode()) > MAX_CAPTION_BYTES:
        raise ValueError(f"must not have more than {MAX_CAPTION_BYTES // 1024} KiB; send a URL in url_srt")
    if re.fullmatch(r"\s*https?://\S+\s*", text, re.IGNORECASE):
        raise ValueError("is a URL; send it in url_srt")
    if _is_json(text):
        raise ValueError("is JSON, not text; send a transcript in words, as JSON without quotes around it")
    if not any(character.isalnum() for character in text):
        raise ValueError("has no text")
    return text


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _check_language(value: str) -> str:
    if not re.fullmatch(_LANGUAGE, value):
        raise ValueError('must be a language code, for example "en" or "pt-BR"')
    return value


CaptionText = Annotated[
    str,
    Field(
        description=(
            "The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound; or `auto`: what "
            "is said, where speech recognition is installed."
        ),
        examples=["Look at the mountains.\nThey are old."],
        json_schema_extra={"maxLength": MAX_CAPTION_BYTES},
    ),
    AfterValidator(_check_text),
    ValidUnicode,
    Metavar("TEXT"),
]
Language = Annotated[
    str,
    Trimmed,
    AfterValidator(_check_language),
    Field(
        description="Language of the captions, for capital letters, line breaks and the subtitle track.",
        examples=["en"],
        json_schema_extra={"pattern": f"^{_LANGUAGE}$"},
    ),
    Metavar("CODE"),
]
SubtitleModeChoice = Annotated[
    SubtitleMode,
    AnyCase,
    Field(
        description=(
            "`burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and `style` is not "
            "used; `both` does both."
        ),
        examples=[SubtitleMode.SOFT],
    ),
]
Sidecars = Annotated[
    tuple[SubtitleFormat, ...],
    ChoiceList,
    Field(
        description="Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.",
        examples=[["srt"]],
    ),
    Metavar("FORMATS"),
]
AlignChoice = Annotated[
    Align,
    AnyCase,
    Field(
        description=(
            "`auto` finds the times of words in the sound, where a style needs them, the captions have none, and "
            "speech recognition is installed; `off` shares each caption's time among its words by their length."
        ),
        examples=[Align.OFF],
    ),
]
RangeTime = Annotated[float, Field(ge=0, le=MAX_CAPTION_SECONDS, allow_inf_nan=False), Number]


def _clean(text: str) -> str:
    """Return text on one line, without control characters and without what the worker takes for markup."""
    drawn = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNDRAWN)
    text = re.sub(r"<(?=/?[iu]>)", "<\u2060", " ".join("".join(drawn).split()))
    # Checked again, because a message is: a row that could be written must be readable.
    if len(text) > _MAX_REPLACEMENT:
        raise ValueError(f"must not have more than {_MAX_REPLACEMENT} characters, without markup")
    return text


class Replacement(Message):
    """A word, or several, and what is drawn in their place."""

    find: Annotated[
        str,
        Field(min_length=1, max_length=_MAX_REPLACEMENT, description="Whole words, in any case.", examples=["damn"]),
        Trimmed,
        ValidUnicode,
    ]
    replace: Annotated[
        str,
        Field(max_length=_MAX_REPLACEMENT, description="What is drawn; empty to leave them out.", examples=["d***"]),
        AfterValidator(_clean),
        ValidUnicode,
    ]


class TimeRange(Message):
    """A range in seconds."""

    start: Annotated[RangeTime, Field(description="Start in seconds.", examples=[0])]
    end: Annotated[RangeTime, Field(description="End in seconds, after the start.", examples=[2.5])]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("must end after it starts")
        return self


class CaptionOptions(OptionGroup):
    """Options of every operation that draws captions. Their text comes from one of `SOURCES`."""

    url_srt: SubtitlesUrl | None = None
    captions: CaptionText | None = None
    words: Words | None = None
    replace: Annotated[
        tuple[Replacement, ...],
        Field(
            max_length=100, description="Words to draw differently.", examples=[[{"find": "damn", "replace": "d***"}]]
        ),
        Metavar("JSON"),
    ] = ()
    exclude: Annotated[
        tuple[TimeRange, ...],
        Field(max_length=100, description="Times without captions, in seconds.", examples=[[{"start": 0, "end": 2.5}]]),
        Metavar("JSON"),
    ] = ()
    language: Language | None = None
    align: AlignChoice = Align.AUTO
    subtitle_mode: SubtitleModeChoice = SubtitleMode.BURN
    sidecar: Sidecars = ()
    style: StyleChoice = CaptionStyle()

    def caption_sources(self) -> list[str]:
        """Return the fields of `SOURCES` that are present."""
        return [name for name in SOURCES if getattr(self, name) is not None]

    def sidecars(self) -> dict[SubtitleFormat, Artifact]:
        """Return the requested subtitle files by their format."""
        return {name: subtitles("captions", name) for name in self.sidecar}

    def further_artifacts(self) -> tuple[Artifact, ...]:
        return (*super().further_artifacts(), *self.sidecars().values())

    def needs_speech(self) -> bool:
        return self.captions == AUTO or super().needs_speech()

    @model_validator(mode="after")
    def _check_sidecar(self) -> Self:
        if self.sidecar and not self.caption_sources():
            raise ValueError("`sidecar` needs captions; send `url_srt`, `captions` or `words`, or leave it out")
        return self

    def inline_captions(self) -> bytes | None:
        """Return `captions` or `words` as the file that a worker reads; None if there is neither."""
        if self.words is not None:
            return _to_json({"words": [word.model_dump() for word in self.words]})
        if self.captions is None or self.captions == AUTO:
            return None
        return self.captions.encode() if _TIMED.search(self.captions) else _to_json({"text": self.captions})

    def extract_inline(self) -> tuple[Self, dict[str, bytes]]:
        data = self.inline_captions()
        if data is None:
            return self, {}
        field = "captions" if self.words is None else "words"
        stored = self.model_copy(update={"captions": None, "words": None, "url_srt": stored_reference(field)})
        return stored, {field: data}


def _to_json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
