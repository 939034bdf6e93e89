"""Group timed words into cues, as a person would write them: by pauses, sentences and length."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from gpu_worker.media.info import Cue, Word
from gpu_worker.subtitles.sentences import ends_sentence, split_evenly
from gpu_worker.subtitles.spacing import join_words
from gpu_worker.subtitles.transcript import Transcript

PAUSE_MS = 700
"""A longer pause between two words ends a cue."""
_MAX_WORDS, _MAX_CHARACTERS = 12, 80


def make_word_cues(transcript: Transcript) -> tuple[Cue, ...]:
    """Return the cues of a transcript with times. `Cue.words` have the given times, and gaps only where they do.

    Phrases of several words become cues without words: nothing states the times of these.
    """
    if transcript.has_phrases:
        return tuple(Cue(phrase.start_ms, phrase.end_ms, phrase.text) for phrase in transcript.words)
    return tuple(
        Cue(part[0].start_ms, part[-1].end_ms, unicodedata.normalize("NFC", join_words(part)), words=part)
        for run in _split_runs(transcript.words)
        for first, stop in split_evenly([word.text for word in run], _MAX_WORDS, _MAX_CHARACTERS)
        for part in [(replace(run[first], has_space=True), *run[first + 1 : stop])]
    )


def _split_runs(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Yield the words between pauses and ends of sentences."""
    first = 0
    for at, (before, word) in enumerate(pairwise(words), 1):
        if word.start_ms - before.end_ms > PAUSE_MS or ends_sentence(before.text):
            yield words[first:at]
            first = at
    if words:
        yield words[first:]
