"""Separate cues that are shown in one place at the same time, so that their words follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.shares import share_time, speech_weights
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS

TimedCue = tuple[Cue, tuple[Word, ...]]


def separate(cues: Sequence[TimedCue]) -> Iterator[TimedCue]:
    """Yield the cues of one place in order, each ending before the next starts, with their words inside.

    A cue that the next one overlaps ends there, and its words are spoken faster. Cues that start almost together
    become one.
    """
    group: list[TimedCue] = []
    for cue, words in sorted(cues, key=lambda timed: timed[0].start_ms):
        if group and cue.start_ms >= _earliest_next(group):
            yield _merge(group, cue.start_ms)
            group = []
        group.append((cue, words))
    if group:
        yield _merge(group, None)


def _earliest_next(group: Sequence[TimedCue]) -> int:
    """Return the time from which on the next cue is not part of the group: all words were shown, if only shortly."""
    start_ms, end_ms = group[0][0].start_ms, max(cue.end_ms for cue, _ in group)
    count = sum(len(words) for _, words in group)
    return max(min(end_ms, start_ms + count * MIN_WORD_MS), start_ms + count)


def _merge(group: Sequence[TimedCue], next_ms: int | None) -> TimedCue:
    """Return one cue with all words of the group, which share its time again if it differs from before."""
    (cue, words), *others = group
    end_ms = max(cue.end_ms for cue, _ in group)
    if others:
        words = tuple(word for _, words in group for word in words)
        end_ms = max(end_ms, cue.start_ms + len(words))
    end_ms = end_ms if next_ms is None else min(end_ms, next_ms)
    if not words or (end_ms == cue.end_ms and not others):
        return cue, words
    min_ms = min(MIN_WORD_MS, (end_ms - cue.start_ms) // len(words))
    times = share_time(speech_weights([word.text for word in words]), cue.start_ms, end_ms, min_ms)
    timed = tuple(
        replace(word, start_ms=start, end_ms=end) for word, (start, end) in zip(words, pairwise(times), strict=True)
    )
    return replace(cue, end_ms=end_ms), timed
