"""Read transcripts in JSON: words with times, phrases with times, or plain text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from contract.options.captions.words import NO_WORDS, read_words
from gpu_worker.media.info import Word
from gpu_worker.subtitles.formats.blocks import Dialect
from gpu_worker.subtitles.markup.cue_text import clean_text, is_visible, remove_tags
from gpu_worker.subtitles.spacing import needs_space

_START = re.compile(r"[\[{]\s{0,99}[\"{\[]")
_MAX_JOINED = 60
"""Characters of a word up to which signs join it."""
_SIGNS_AFTER = re.compile("[.,;:?!\u2026%)\\]}\u2019\u201d\u00bb。、，？！：；）」』؟،؛۔।]+")
"""Signs that some programs list as words of their own, although they belong to the word before."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words in order of time, or a text without times. `has_phrases`: most entries are several words."""

    words: tuple[Word, ...] = ()
    text: str = ""
    has_phrases: bool = False


def read_transcript(text: str) -> Transcript | None:
    """Return the transcript in a JSON document; None if the text is not JSON, or JSON of another kind."""
    text = text.strip("\ufeff\0 \t\r\n")
    if not _START.match(text):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    try:
        return _read_words(value)
    except (ValueError, RecursionError) as error:
        plain = value.get("text") if isinstance(value, dict) and str(error) == NO_WORDS else None
        return Transcript(text=plain) if isinstance(plain, str) else None


def _read_words(value: Any) -> Transcript:
    """Raises ValueError, and RecursionError for a document that is nested too deeply."""
    entries = [(word, _clean(word["word"])) for word in read_words(value)]
    has_phrases = sum(" " in text for _, text in entries) * 2 > len(entries)
    words: list[Word] = []
    for entry, text in entries:
        if not is_visible(text):
            continue
        # Each word gets at least 1 ms after the one before, also if both were rounded to the same one.
        start_ms = max(round(entry["start"] * 1000), words[-1].end_ms if words else 0)
        end_ms = max(round(entry["end"] * 1000), start_ms + 1)
        if words and _SIGNS_AFTER.fullmatch(text) and len(words[-1].text) + len(text) <= _MAX_JOINED:
            words[-1] = Word(words[-1].start_ms, end_ms, words[-1].text + text, words[-1].has_space)
        elif has_phrases:
            words.append(Word(start_ms, end_ms, text))
        else:
            words += _split_entry(start_ms, end_ms, text, words[-1].text if words else "")
    return Transcript(tuple(words), has_phrases=has_phrases)


def _split_entry(start_ms: int, end_ms: int, text: str, before: str) -> list[Word]:
    """Return the words of an entry, which share its time by their lengths; all at once if it is too short."""
    parts = text.split(" ")
    parts = parts if end_ms - start_ms >= len(parts) * 2 else [text]
    ends = [0]
    for part in parts:
        ends.append(ends[-1] + len(part))
    spare = end_ms - start_ms - len(parts)
    times = [start_ms + at + spare * end // ends[-1] for at, end in enumerate(ends)]
    return [
        Word(first, last, part, needs_space(before, part) if at == 0 else True)
        for at, (part, (first, last)) in enumerate(zip(parts, pairwise(times), strict=True))
    ]


def _clean(raw: str) -> str:
    """Return the text of one word, without markup, on one line."""
    return remove_tags(" ".join(clean_text(raw, Dialect.SRT)[0].split("\n"))).strip()
