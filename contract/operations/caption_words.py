"""Word times as clients have them: plain lists, and the JSON of Whisper, Deepgram and AssemblyAI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from contract.base import Message
from contract.limits import MAX_WORD_LENGTH, MAX_WORDS

_NAMES = ("punctuated_word", "word", "text")
"""Names of a word's text: Deepgram's with punctuation, Whisper's and Deepgram's, AssemblyAI's."""
_MIN_MILLISECONDS = 20
"""A word lasts 0.1 to 1 s. Where words last at least 20 on average, times are milliseconds, as AssemblyAI's are."""

NO_WORDS = "has no words with times; send a list of objects with `word`, `start` and `end`"


class Word(Message):
    """One spoken word. Times in seconds from the start of the video."""

    word: Annotated[str, Field(min_length=1, max_length=MAX_WORD_LENGTH)]
    start: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
    end: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


def read_words(value: Any) -> Any:
    """Return the words in a transcript of any known shape, as plain objects. Raises ValueError."""
    entries = list(_find_words(value))
    if not entries:
        raise ValueError(NO_WORDS)
    if len(entries) > MAX_WORDS:
        raise ValueError(f"must not have more than {MAX_WORDS} words")
    words = [_read_word(entry, number) for number, entry in enumerate(entries)]
    unit = 1000 if _is_in_milliseconds(words) else 1
    words = [word | {"start": word["start"] / unit, "end": word["end"] / unit} for word in words]
    _check_order(words)
    return words


def _find_words(value: Any) -> Iterator[Any]:
    """Yield the entries of the first list of words: at the top, or in segments, utterances or alternatives."""
    match value:
        case list() if any(isinstance(entry, Mapping) and any(name in entry for name in _NAMES) and "words" not in entry
                           for entry in value):  # fmt: skip
            yield from value
        case list():
            for entry in value:
                yield from _find_words(entry)
        case {"words": list(words)} if words:
            yield from words
        case {"segments": inner} | {"results": inner} | {"alternatives": [inner, *_]}:
            yield from _find_words(inner)
        case {"channels": [inner, *_]}:
            yield from _find_words(inner)


def _read_word(entry: Any, number: int) -> dict[str, Any]:
    text = next((entry[name] for name in _NAMES if name in entry), None) if isinstance(entry, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"entry {number} has no `word`")
    if len(text.strip()) > MAX_WORD_LENGTH:
        raise ValueError(f"entry {number}: a word must not have more than {MAX_WORD_LENGTH} characters")
    times = [entry.get(name) for name in ("start", "end")]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) and 0 <= time < 1e8 for time in times):
        raise ValueError(f"entry {number}: `start` and `end` must be times in seconds")
    return {"word": text.strip(), "start": times[0], "end": times[1]}


def _is_in_milliseconds(words: list[dict[str, Any]]) -> bool:
    whole = all(isinstance(word[name], int) for word in words for name in ("start", "end"))
    return whole and sum(word["end"] - word["start"] for word in words) >= _MIN_MILLISECONDS * len(words)


def _check_order(words: list[dict[str, Any]]) -> None:
    for number, word in enumerate(words):
        if word["end"] <= word["start"]:
            raise ValueError(f"entry {number} ends before it starts")
    for number, (before, word) in enumerate(pairwise(words), 1):
        if word["start"] < before["start"] or word["start"] < before["end"]:
            raise ValueError(
                f"entry {number} starts before the previous word ends; sort the words and end each in time"
            )


Words = Annotated[
    tuple[Word, ...],
    BeforeValidator(read_words),
    Field(
        description=("Words with their times in seconds: a list, or the JSON of Whisper, Deepgram or AssemblyAI."),
        examples=[[{"word": "Hello", "start": 0.2, "end": 0.6}]],
    ),
]
