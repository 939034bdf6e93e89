"""Word times as clients have them: plain lists, and the JSON of Whisper, Deepgram and AssemblyAI."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from contract.base import Message
from contract.limits import MAX_CAPTION_SECONDS, MAX_WORD_LENGTH, MAX_WORDS
from contract.options.fields import Metavar, ValidUnicode

_NAMES = ("punctuated_word", "word", "text")
"""Names of a word's text: Deepgram's with punctuation, Whisper's and Deepgram's, AssemblyAI's."""
_MIN_MILLISECONDS = 20
"""A word lasts 0.1 to 1 s. Where words last at least 20 on average, times are milliseconds, as AssemblyAI's are."""
_SHORTEST = 0.05
"""Whisper gives some words no duration. They last this many seconds if the next word leaves the time."""

_ROUNDING = 0.05
"""Recognizers round: a word may begin this many seconds before the one before it ends, which then ends there."""

NO_WORDS = (
    "has no words with times; send a list of objects with `word`, `start` and `end`, or a transcript with the times of "
    "its words"
)


class Word(Message):
    """One spoken word. Times in seconds from the start of the video."""

    word: Annotated[str, Field(min_length=1, max_length=MAX_WORD_LENGTH), ValidUnicode]
    start: Annotated[float, Field(ge=0, le=MAX_CAPTION_SECONDS, allow_inf_nan=False)]
    end: Annotated[float, Field(ge=0, le=MAX_CAPTION_SECONDS, allow_inf_nan=False)]


def read_words(value: Any) -> Any:
    """Return the words in a transcript of any known shape, as plain objects. Raises ValueError.

    The words are in the order of their times, do not overlap, and each lasts a while.
    """
    entries = _find_words(value)
    if not entries:
        raise ValueError(NO_WORDS)
    if len(entries) > MAX_WORDS:
        raise ValueError(f"must not have more than {MAX_WORDS} words")
    words = [_read_word(entry, number) for number, entry in enumerate(entries)]
    unit = 1000 if _is_in_milliseconds(words) else 1
    words = [word | {"start": word["start"] / unit, "end": word["end"] / unit} for word in words]
    _lengthen(words)
    _check_order(words)
    return words


def _find_words(value: Any) -> list[Any]:
    """Return the entries of a list of words, which is at the top or where a transcript has it."""
    match value:
        case [{"words": _} | {"segments": _} | {"results": _} as transcript]:
            # n8n wraps what a node returns in a list.
            return _find_words(transcript)
        case {"results": {"channels": [{"alternatives": [{"words": list(words)}, *_]}, *_]}}:
            return words
        case {"words": list(words)} if words:
            return words
        case {"segments": list(parts)}:
            return _join_words(parts)
        case [{"words": _}, *_]:
            return _join_words(value)
        case list():
            return value
    return []


def _join_words(parts: list[Any]) -> list[Any]:
    """Return the words of all segments or utterances; the segments themselves if only they have times."""
    found = [part.get("words") for part in parts if isinstance(part, Mapping)]
    words = [word for words in found if isinstance(words, list) for word in words]
    return words or [part for part in parts if isinstance(part, Mapping) and "text" in part]


def _read_word(entry: Any, number: int) -> dict[str, Any]:
    text = next((entry[name] for name in _NAMES if name in entry), None) if isinstance(entry, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"entry {number} has no `word`")
    if len(text.strip()) > MAX_WORD_LENGTH:
        raise ValueError(f"entry {number}: a word must not have more than {MAX_WORD_LENGTH} characters")
    times = [entry.get(name) for name in ("start", "end")]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) and 0 <= time <= 1e9 for time in times):
        raise ValueError(f"entry {number}: `start` and `end` must be times in seconds")
    return {"word": text.strip(), "start": times[0], "end": times[1]}


def _is_in_milliseconds(words: list[dict[str, Any]]) -> bool:
    whole = all(isinstance(word[name], int) for word in words for name in ("start", "end"))
    return whole and sum(word["end"] - word["start"] for word in words) >= _MIN_MILLISECONDS * len(words)


def _lengthen(words: list[dict[str, Any]]) -> None:
    starts = [*(word["start"] for word in words[1:]), MAX_CAPTION_SECONDS]
    for word, next_start in zip(words, starts, strict=True):
        if word["end"] == word["start"]:
            word["end"] = max(word["start"], min(word["start"] + _SHORTEST, next_start))


def _check_order(words: list[dict[str, Any]]) -> None:
    for number, word in enumerate(words):
        if word["end"] > MAX_CAPTION_SECONDS:
            raise ValueError(f"entry {number} ends after {MAX_CAPTION_SECONDS:g} seconds")
        if word["end"] <= word["start"]:
            raise ValueError(f"entry {number} must end after it starts")
    for number, (before, word) in enumerate(pairwise(words), 1):
        if before["start"] < word["start"] < before["end"] <= word["start"] + _ROUNDING:
            before["end"] = word["start"]
        if word["start"] < before["end"]:
            raise ValueError(
                f"entry {number} starts before the previous word ends; sort the words and end each in time"
            )


_TIME = {"type": "number", "minimum": 0, "maximum": MAX_CAPTION_SECONDS}
_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_WORD_LENGTH}
Words = Annotated[
    tuple[Word, ...],
    BeforeValidator(read_words),
    WithJsonSchema(
        {
            "type": "array",
            "description": "Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI.",
            "examples": [[{"word": "Hello", "start": 0.2, "end": 0.6}]],
            "minItems": 1,
            "maxItems": MAX_WORDS,
            "items": {
                "type": "object",
                "title": "TimedWord",
                "description": "One spoken word.",
                "properties": {
                    "word": _TEXT | {"description": "The word, with its punctuation."},
                    "start": _TIME | {"description": "Its start, in seconds from that of the video."},
                    "end": _TIME | {"description": "Its end, in seconds from the start of the video."},
                },
                "required": ["word", "start", "end"],
            },
        }
    ),
    Metavar("JSON"),
]
