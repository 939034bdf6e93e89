"""The text of captions inside a request, and its language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from contract.limits import MAX_CAPTION_BYTES
from contract.options.captions.words import Word
from contract.options.fields import Metavar, Trimmed, ValidUnicode

AUTO = "auto"
"""The value of `captions` that requests captions of what is said."""

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


def is_timed(text: str) -> bool:
    """Return True if the text is in a format with times, such as SRT; plain text is spread over the video."""
    return _TIMED.search(text) is not None


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


def inline_text(captions: str | None, words: Iterable[Word] | None) -> bytes | None:
    """Return the captions of a request as the file that a worker reads; None if the request has none."""
    if words is not None:
        return _to_json({"words": [word.model_dump() for word in words]})
    if captions is None or captions == AUTO:
        return None
    return captions.encode() if is_timed(captions) else _to_json({"text": captions})


def _to_json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
