"""Time a script by what was recognized in its narration: the script's words, at the times of the words heard."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.shares import share_time, speech_weights
from gpu_worker.plan.captions.words.split import split_words
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS
from gpu_worker.speech.words.word_times import tile
from gpu_worker.subtitles.spacing import UNSPACED
from gpu_worker.subtitles.transcript import Transcript
from gpu_worker.subtitles.word_cues import make_word_cues

MIN_MATCH = 0.5
"""Share of a script's letters that must be heard. Below it, the sound says something else."""

_MANY_UNITS = 1500
"""Words of a longer sound are not matched by those that it has most of: 8,000 words took a minute with them."""


def match_script(script: Sequence[str], heard: Sequence[Word], language: str | None) -> tuple[Cue, ...] | None:
    """Return the sentences of a script as cues with words; None if too little of it was heard.

    Words that were not recognized share the time between their neighbors by letters.
    """
    sentences = [split_words(sentence, language) for sentence in script]
    words = [word for sentence in sentences for word in sentence]
    times = _match([text for text, _ in words], heard)
    weights = speech_weights([text for text, _ in words])
    matched = sum(weight for weight, time in zip(weights, times, strict=True) if time is not None)
    if not words or not heard or matched < MIN_MATCH * sum(weights):
        return None
    spans = _fill_gaps(times, weights, heard[0].start_ms, heard[-1].end_ms)
    if spans is None:
        return None
    timed = [Word(*span, text, has_space) for (text, has_space), span in zip(words, spans, strict=True)]
    cues: list[Cue] = []
    for sentence in sentences:
        cues += make_word_cues(Transcript(tuple(timed[: len(sentence)])))
        del timed[: len(sentence)]
    return tuple(cues)


def _match(texts: Sequence[str], heard: Sequence[Word]) -> list[tuple[int, int] | None]:
    """Return the time of each text that was heard, by units: words, or characters where there are no spaces."""
    ours = [(at, unit) for at, text in enumerate(texts) for unit in _units(text)]
    theirs = [(at, unit) for at, word in enumerate(heard) for unit in _units(word.text)]
    is_long = len(theirs) > _MANY_UNITS
    matcher = SequenceMatcher(None, [unit for _, unit in ours], [unit for _, unit in theirs], autojunk=is_long)
    found: dict[int, list[Word]] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            found.setdefault(ours[block.a + step][0], []).append(heard[theirs[block.b + step][0]])
    return [(found[at][0].start_ms, found[at][-1].end_ms) if at in found else None for at in range(len(texts))]


def _units(text: str) -> Iterator[str]:
    """Yield what is compared: letters and digits only, without case, accents and forms."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(char for char in plain if char.isalnum())
    if UNSPACED.search(letters):
        yield from letters
    elif letters:
        yield letters


def _fill_gaps(
    times: Sequence[tuple[int, int] | None], weights: Sequence[int], first_ms: int, last_ms: int
) -> list[tuple[int, int]] | None:
    """Return a time for every word: runs of words without one share the time between the words around them."""
    if (last_ms - first_ms) // MIN_WORD_MS < len(times):
        return None
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(times):
        known = times[at]
        if known is not None:
            spans.append(known)
            at += 1
            continue
        stop = next((later for later in range(at, len(times)) if times[later] is not None), len(times))
        following = times[stop] if stop < len(times) else None
        start_ms = spans[-1][1] if spans else first_ms
        end_ms = max(start_ms, following[0] if following else last_ms)
        bounds = share_time(weights[at:stop], start_ms, end_ms, MIN_WORD_MS)
        spans += pairwise(bounds)
        at = stop
    return tile(spans, first_ms, last_ms)
