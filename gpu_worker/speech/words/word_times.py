"""Repair what a recognizer returns: words in order, without overlaps, long enough to be seen, and within the sound.

Whisper's first word after a silence may begin ten seconds early, words overlap or last no time, and signs are words of
their own (faster-whisper issues 120, 125 and 230).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.words.shares import group_evenly
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS
from gpu_worker.speech.words.limits import MAX_WORD_MS
from gpu_worker.subtitles.spacing import join_words, needs_space

_MAX_CHARACTERS = 60
"""Characters up to which signs and parts of words join the word before them."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as it was recognized: its times in seconds, which may be anything, and how sure the model is, 0 to 1.

    The `text` starts with a space if one is before the word.
    """

    start: float
    end: float
    text: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A repaired word, and how sure the model is of it, 0 to 1."""

    word: Word
    probability: float


def repair_words(heard: Iterable[HeardWord], length_ms: int) -> tuple[SpokenWord, ...]:
    """Return the words of a sound that lasts `length_ms`, each for at least 60 ms and at most 1.2 s, without overlaps.

    Signs, and parts of a word, join the word before. If the sound is too short, words next to each other become one.
    """
    words = [*_join(_read(heard, length_ms))]
    if length_ms < 1 or not words:
        return ()
    words = _fit(words, max(1, length_ms // MIN_WORD_MS))
    spans = tile([(spoken.word.start_ms, spoken.word.end_ms) for spoken in words], 0, length_ms)
    return tuple(
        replace(spoken, word=replace(spoken.word, start_ms=start_ms, end_ms=end_ms))
        for spoken, (start_ms, end_ms) in zip(words, spans, strict=True)
    )


def tile(spans: Sequence[tuple[int, int]], first_ms: int, last_ms: int) -> list[tuple[int, int]]:
    """Return the time spans in their order, without overlaps, between the two limits, as close to what they were.

    Each lasts at least 60 ms, or an equal share of the time if that is too short for all.
    """
    least = min(MIN_WORD_MS, (last_ms - first_ms) // max(1, len(spans)))
    starts: list[int] = []
    for start_ms, _ in spans:
        starts.append(max(start_ms, starts[-1] + least if starts else first_ms))
    latest = last_ms
    for at in reversed(range(len(starts))):
        latest = starts[at] = min(starts[at], latest - least)
    limits = [*starts[1:], last_ms]
    return [
        (start_ms, min(max(end_ms, start_ms + least), limit))
        for start_ms, (_, end_ms), limit in zip(starts, spans, limits, strict=True)
    ]


def _read(heard: Iterable[HeardWord], length_ms: int) -> Iterator[SpokenWord]:
    """Yield the words with times in whole milliseconds within the sound; too long ones start later."""
    last_ms = 0
    for word in heard:
        text = word.text.strip()
        if not text:
            continue
        start_ms = _clamp(word.start, last_ms, length_ms)
        end_ms = max(start_ms, _clamp(word.end, start_ms, length_ms))
        last_ms = end_ms
        start_ms = max(start_ms, end_ms - MAX_WORD_MS)
        yield SpokenWord(Word(start_ms, end_ms, text, word.text[:1].isspace()), _clean_probability(word.probability))


def _join(words: Iterable[SpokenWord]) -> Iterator[SpokenWord]:
    """Yield the words together with their signs."""
    before: SpokenWord | None = None
    for spoken in words:
        if before is None:
            before = spoken
        elif _belongs_to(before.word, spoken.word):
            text = join_words((before.word, spoken.word))
            end_ms = max(before.word.end_ms, min(spoken.word.end_ms, before.word.start_ms + MAX_WORD_MS))
            word = replace(before.word, text=text, end_ms=end_ms)
            before = SpokenWord(word, min(before.probability, spoken.probability))
        else:
            yield before
            before = spoken
    if before is not None:
        yield before


def _belongs_to(before: Word, word: Word) -> bool:
    if len(before.text) + len(word.text) >= _MAX_CHARACTERS:
        return False
    if not any(map(str.isalnum, word.text)) or not any(map(str.isalnum, before.text)):
        return True
    return not word.has_space and needs_space(before.text, word.text)


def _fit(words: Sequence[SpokenWord], room: int) -> list[SpokenWord]:
    """Return at most `room` words: neighbors become one."""
    if len(words) <= room:
        return list(words)
    groups = [words[first:stop] for first, stop in group_evenly([1] * len(words), room)]
    return [
        SpokenWord(
            replace(
                group[0].word, text=join_words(one.word for one in group), end_ms=max(one.word.end_ms for one in group)
            ),
            min(one.probability for one in group),
        )
        for group in groups
    ]


def _clamp(seconds: float, otherwise_ms: int, length_ms: int) -> int:
    if not math.isfinite(seconds):
        return otherwise_ms
    return round(1000 * max(0.0, min(length_ms / 1000, seconds)))


def _clean_probability(value: float) -> float:
    return round(max(0.0, min(1.0, value)), 3) if math.isfinite(value) else 0.0
