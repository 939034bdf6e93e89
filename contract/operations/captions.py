"""Options of captions: where their text comes from, what is changed in it, and how it looks."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from contract.base import Message
from contract.limits import MAX_CAPTION_BYTES
from contract.operations.caption_style import CaptionStyle, StyleChoice
from contract.operations.caption_words import Words
from contract.operations.fields import Number
from contract.operations.inputs import SubtitlesUrl

_TIMED = re.compile(r"-->|^\[Script Info\]|^Dialogue:", re.MULTILINE | re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

_UNDRAWN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})

SOURCES = ("url_srt", "captions", "words")
"""The fields that captions can come from."""


def _check_text(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_CAPTION_BYTES:
        raise ValueError(f"must not have more than {MAX_CAPTION_BYTES // 1024} KiB; send a URL in url_srt")
    if not any(character.isalnum() for character in text):
        raise ValueError("has no text")
    if re.fullmatch(r"\s*https?://\S+\s*", text):
        raise ValueError("is a URL; send it in url_srt")
    return text


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError('must be a language code, for example "en" or "pt-BR"')
    return value


CaptionText = Annotated[
    str,
    AfterValidator(_check_text),
    Field(
        description="The captions themselves: SRT, WebVTT, ASS, or plain text, which is spread over the sound.",
        examples=["Look at the mountains.\nThey are old."],
    ),
]


def _clean(text: str) -> str:
    """Return text on one line, without control characters and without what the worker takes for markup."""
    text = "".join(char for char in " ".join(text.split()) if unicodedata.category(char) not in _UNDRAWN)
    return re.sub(r"<(?=/?[iu]>)", "<\u2060", text)


class Replacement(Message):
    """A word, or several, and what is drawn in their place."""

    find: Annotated[str, Field(min_length=1, max_length=100, description="Whole words, in any case.")]
    replace: Annotated[
        str, AfterValidator(_clean), Field(max_length=100, description="What is drawn; empty to leave them out.")
    ]


class TimeRange(Message):
    """A range in seconds."""

    start: Annotated[float, Field(ge=0, allow_inf_nan=False), Number]
    end: Annotated[float, Field(gt=0, allow_inf_nan=False), Number]


class CaptionOptions(Message):
    """Options of every operation that draws captions. Their text comes from one of `SOURCES`."""

    url_srt: SubtitlesUrl | None = None
    captions: CaptionText | None = None
    words: Words | None = None
    replace: Annotated[
        tuple[Replacement, ...],
        Field(
            max_length=100, description="Words to draw differently.", examples=[[{"find": "damn", "replace": "d***"}]]
        ),
    ] = ()
    exclude: Annotated[
        tuple[TimeRange, ...],
        Field(max_length=100, description="Times without captions, in seconds.", examples=[[{"start": 0, "end": 2.5}]]),
    ] = ()
    language: Annotated[
        str | None,
        AfterValidator(_check_language),
        Field(description="Language of the captions, for capital letters and line breaks.", examples=["en"]),
    ] = None
    style: StyleChoice = CaptionStyle()

    def caption_sources(self) -> list[str]:
        """Return the fields of `SOURCES` that are present."""
        return [name for name in SOURCES if getattr(self, name) is not None]

    def inline_captions(self) -> bytes | None:
        """Return `captions` or `words` as the file that a worker reads; None if there is neither."""
        if self.words is not None:
            return json.dumps({"words": [word.model_dump() for word in self.words]}, ensure_ascii=False).encode()
        if self.captions is None:
            return None
        if _TIMED.search(self.captions):
            return self.captions.encode("utf-8", "replace")
        return json.dumps({"text": self.captions}, ensure_ascii=False).encode("utf-8", "replace")
