"""Times for a text that has none: its sentences share the time of the sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from contract.limits import MAX_DURATION
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.words.shares import group_evenly, share_time, speech_weights
from gpu_worker.plan.captions.words.split import split_words
from gpu_worker.plan.model import Inputs
from gpu_worker.subtitles.sentences import split_evenly
from gpu_worker.subtitles.spacing import UNSPACED

_MAX_CHARACTERS = 80
"""Two lines of 40, as subtitle guidelines recommend; an ideograph is as wide as two letters."""
_MIN_CUE_MS = 60
_CHARACTERS_PER_SECOND = 15
"""Reading speed of adults, by subtitle guidelines."""
_MIN_READING_MS = 1000


def time_script(texts: Sequence[str], end_ms: int, language: str | None = None) -> tuple[Cue, ...]:
    """Return the texts as cues that share the time from 0 to `end_ms` by letters, without gaps.

    Texts of more than 80 characters are split. If the time is too short, texts are shown together.
    """
    parts = [part for text in texts for part in _split_long(text, language)]
    if not parts or end_ms <= 0:
        return ()
    room = max(1, end_ms // _MIN_CUE_MS)
    if len(parts) > room:
        ranges = group_evenly(speech_weights(parts), room)
        parts = ["\n".join(parts[first:stop]) for first, stop in ranges]
    times = pairwise(share_time(speech_weights(parts), 0, end_ms, _MIN_CUE_MS))
    return tuple(Cue(start, end, part) for part, (start, end) in zip(parts, times, strict=True))


def timed_cues(
    cues: tuple[Cue, ...] | None, script: tuple[str, ...], end: Fraction, language: str | None
) -> tuple[Cue, ...] | None:
    """Return the cues, or the script spread over the time until `end`, in seconds; None if there is neither."""
    return time_script(script, round(end * 1000), language) if script else cues


def spoken_seconds(inputs: Inputs) -> float | None:
    """Return the length of the narration, else of the captions, in seconds; None if there is neither."""
    if inputs.audio is not None:
        return float(inputs.added_sound().end)
    if inputs.cues:
        return max(cue.end_ms for cue in inputs.cues) / 1000
    return min(MAX_DURATION, reading_time_ms(inputs.script) / 1000) if inputs.script else None


def reading_time_ms(texts: Sequence[str]) -> int:
    """Return the time to read the texts: 15 characters per second, and at least 1 s per text."""
    return sum(max(_MIN_READING_MS, len(text) * 1000 // _CHARACTERS_PER_SECOND) for text in texts)


def _split_long(text: str, language: str | None) -> Iterator[str]:
    if _width(text) <= _MAX_CHARACTERS:
        yield text
        return
    words = split_words(text, language)
    # Texts of the right width, with the sign at the end by which clauses are recognized.
    widths = ["x" * (_width(word) - 1) + word[-1] for word, _ in words]
    for first, stop in split_evenly(widths, len(words), _MAX_CHARACTERS):
        yield "".join(
            f" {word}" if at and has_space else word for at, (word, has_space) in enumerate(words[first:stop])
        )


def _width(text: str) -> int:
    return len(text) + len(UNSPACED.findall(text))
