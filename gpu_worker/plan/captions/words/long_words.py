"""Break words that would otherwise make their page small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.glyphs.long_words import Measure, break_word
from gpu_worker.plan.captions.words.shares import share_time, speech_weights
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS

_MIN_SCALE = 0.7
"""Text may become smaller by this factor before a word is broken: a whole word is easier to read."""


def break_long_words(words: Sequence[Word], width: Measure, room: float) -> tuple[Word, ...]:
    """Return the words, those that do not fit into `room` at 70 % of their size in parts that share their time."""
    return tuple(part for word in words for part in _break(word, width, room))


def _break(word: Word, width: Measure, room: float) -> Iterator[Word]:
    if width(word.text) * _MIN_SCALE <= room:
        yield word
        return
    parts = break_word(word.text, room, width)
    span_ms = word.end_ms - word.start_ms
    if len(parts) > span_ms:
        yield word
        return
    times = share_time(speech_weights(parts), word.start_ms, word.end_ms, min(MIN_WORD_MS, span_ms // len(parts)))
    for number, (part, (start_ms, end_ms)) in enumerate(zip(parts, pairwise(times), strict=True)):
        # A word may hold a space before an emoji or a sign.
        has_space = " " in {part[0], parts[number - 1][-1]} if number else word.has_space
        yield replace(word, text=part.strip() or part, start_ms=start_ms, end_ms=end_ms, has_space=has_space)
