"""The times of the words of a cue: those that were given, or estimates; and times without captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.shares import group_evenly, share_time, speech_weights
from gpu_worker.plan.captions.words.split import split_words
from gpu_worker.subtitles.spacing import join_words

MIN_WORD_MS = 60
"""Time for which a word is highlighted at least: a frame and a half at 25 frames per second."""


def time_words(cue: Cue, language: str | None = None) -> tuple[Word, ...]:
    """Return the words of a cue with their times: the given ones, or shares of the cue by letters, without gaps.

    If the cue is too short for 60 ms per word, words next to each other become one.
    """
    if cue.words:
        return cue.words
    parts = [Word(cue.start_ms, cue.end_ms, text, has_space) for text, has_space in split_words(cue.text, language)]
    room = max(1, (cue.end_ms - cue.start_ms) // MIN_WORD_MS)
    if len(parts) > room:
        ranges = group_evenly(speech_weights([part.text for part in parts]), room)
        parts = [replace(parts[first], text=join_words(parts[first:stop])) for first, stop in ranges]
    if not parts:
        return ()
    boundaries = share_time(speech_weights([part.text for part in parts]), cue.start_ms, cue.end_ms, MIN_WORD_MS)
    return tuple(
        replace(part, start_ms=start_ms, end_ms=end_ms)
        for part, (start_ms, end_ms) in zip(parts, pairwise(boundaries), strict=True)
    )


def word_timing(cues: Iterable[Cue]) -> Literal["given", "estimated"]:
    """Return the origin of the words' times: `given` if every cue has its words."""
    return "given" if all(cue.words for cue in cues) else "estimated"


def exclude_ranges(cues: Iterable[Cue], ranges_ms: Iterable[tuple[int, int]]) -> tuple[Cue, ...]:
    """Return the cues without the ranges: cues inside one are dropped, cues that overlap one are cut.

    A cue around a range becomes two. Each has the words that are mostly spoken in it; without `words`, each has the
    whole text, so call `time_words` first where words are shown one by one.
    """
    ranges = sorted(ranges_ms)
    cut = (part for cue in cues for part in _cut_cue(cue, ranges))
    return tuple(sorted(cut, key=lambda cue: (cue.start_ms, cue.end_ms)))


def _cut_cue(cue: Cue, ranges: Sequence[tuple[int, int]]) -> Iterator[Cue]:
    touching = [span for span in ranges if max(span[0], cue.start_ms) < min(span[1], cue.end_ms)]
    if not touching:
        yield cue
        return
    spans = list(_subtract(cue.start_ms, cue.end_ms, touching))
    words: dict[tuple[int, int], list[Word]] = {span: [] for span in spans}
    for word in cue.words if spans else ():
        start_ms, end_ms = span = max(spans, key=lambda span: _overlap(word, span))
        if _overlap(word, span) > 0:
            words[span].append(replace(word, start_ms=max(start_ms, word.start_ms), end_ms=min(end_ms, word.end_ms)))
    for (start_ms, end_ms), kept in words.items():
        if kept or not cue.words:
            text = cue.text if len(kept) == len(cue.words) or not kept else join_words(kept)
            yield Cue(start_ms, end_ms, text, cue.place, tuple(kept))


def _overlap(word: Word, span: tuple[int, int]) -> int:
    return min(word.end_ms, span[1]) - max(word.start_ms, span[0])


def _subtract(start_ms: int, end_ms: int, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield what remains of a span without sorted ranges. Remainders too short for a word are dropped."""
    for first, last in [*ranges, (end_ms, end_ms)]:
        if first - start_ms >= MIN_WORD_MS:
            yield start_ms, first
        start_ms = max(start_ms, last)
