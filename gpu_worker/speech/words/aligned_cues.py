"""Give captions the times of their words that were found in the sound, where these can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.split import split_words
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS
from gpu_worker.speech.words.windows import MARGIN_MS
from gpu_worker.speech.words.word_times import tile

MIN_PROBABILITY = 0.4
"""Mean probability of the words of a caption below which the sound is taken to say something else."""


@dataclass(frozen=True, slots=True)
class FoundTimes:
    """Times of a caption's words in the sound: (start, end) in milliseconds, and their mean probability, 0 to 1."""

    spans: tuple[tuple[int, int], ...]
    probability: float


@dataclass(frozen=True, slots=True)
class AlignedCues:
    """Captions, of which `aligned` of `spoken` have the times of their words. Those without words are not counted."""

    cues: tuple[Cue, ...]
    aligned: int
    spoken: int


def list_words(cue: Cue, language: str | None) -> tuple[tuple[str, bool], ...]:
    """Return the words to look for: text, and whether a space is before it. None for a cue whose words have times."""
    return () if cue.words else split_words(cue.text, language)


def accept(cues: Sequence[Cue], found: Sequence[FoundTimes | None], language: str | None) -> AlignedCues:
    """Return the captions with the times of their words where they can be trusted; the others unchanged."""
    aligned: list[Cue] = []
    count = spoken = 0
    for cue, times in zip(cues, found, strict=True):
        words = list_words(cue, language)
        spoken += bool(words)
        if words and times is not None and is_credible(cue, times, len(words)):
            count += 1
            aligned.append(_with_words(cue, words, times))
        else:
            aligned.append(cue)
    return AlignedCues(tuple(aligned), count, spoken)


def is_credible(cue: Cue, times: FoundTimes, words: int) -> bool:
    """Return True if each word has a time, the times rise, lie in the caption give or take 0.5 s, and are probable.

    Only one word at either end may be outside: it is often found before the pause before it.
    """
    first_ms, last_ms = cue.start_ms - MARGIN_MS, cue.end_ms + MARGIN_MS
    starts = [min(max(start_ms, first_ms), last_ms) for start_ms, _ in times.spans]
    return (
        len(starts) == words
        and times.probability >= MIN_PROBABILITY
        and all(before < after for before, after in pairwise(starts))
        and words * MIN_WORD_MS <= cue.end_ms - cue.start_ms
    )


def _with_words(cue: Cue, words: Sequence[tuple[str, bool]], times: FoundTimes) -> Cue:
    """Return the caption with its words, whose times are kept within it: the caller chose when it is shown."""
    spans = tile(times.spans, cue.start_ms, cue.end_ms)
    return replace(
        cue,
        words=tuple(
            Word(start_ms, end_ms, text, has_space)
            for (text, has_space), (start_ms, end_ms) in zip(words, spans, strict=True)
        ),
    )
