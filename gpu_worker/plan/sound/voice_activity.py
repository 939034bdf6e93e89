"""Find when somebody speaks, by the energy of a sound: the pauses are where it is quiet."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import mul

from gpu_worker.plan.sound.ducking import Span

_FRAME_SECONDS = 0.01
_NO_SOUND_DB = -120.0
_LOUD_SHARE, _QUIET_SHARE = 0.95, 0.1
"""The levels of speech and of the background: of all frames, this share is quieter."""
_BELOW_SPEECH_DB, _ABOVE_BACKGROUND_DB, _LEAST_BELOW_DB = 32.0, 9.0, 12.0
"""The threshold: this far below speech, or above a louder background, but at least the last below speech: steady
sound counts as speech."""
_QUIETEST_DB = -55.0
"""Sound below this level, in dB of full scale, is never speech."""
_MAX_GAP, _MIN_LENGTH = 0.1, 0.06
"""Seconds. A shorter pause is inside a word, a shorter sound is a click."""


def find_speech(chunks: Iterable[bytes], rate: int) -> tuple[Span, ...]:
    """Return when there is speech, from 16-bit mono samples; little-endian, each chunk of whole frames of 10 ms."""
    levels = [level for chunk in chunks for level in _levels(chunk, round(rate * _FRAME_SECONDS))]
    if not levels:
        return ()
    threshold = _threshold(levels)
    spans: list[Span] = []
    at = 0
    for is_loud, group in groupby(level > threshold for level in levels):
        count = sum(1 for _ in group)
        start, end = at * _FRAME_SECONDS, (at + count) * _FRAME_SECONDS
        at += count
        if not is_loud:
            continue
        if spans and start - spans[-1][1] < _MAX_GAP:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple((start, end) for start, end in spans if end - start >= _MIN_LENGTH)


def _levels(chunk: bytes, size: int) -> Iterator[float]:
    """Yield the level of each frame in dB of full scale."""
    samples = array("h", chunk[: len(chunk) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    for first in range(0, len(samples), size):
        frame = samples[first : first + size]
        power = sum(map(mul, frame, frame)) / (len(frame) * 32768**2)
        yield 10 * math.log10(power) if power else _NO_SOUND_DB


def _threshold(levels: list[float]) -> float:
    ordered = sorted(levels)
    speech = ordered[min(len(ordered) - 1, int(len(ordered) * _LOUD_SHARE))]
    background = ordered[int(len(ordered) * _QUIET_SHARE)]
    threshold = max(speech - _BELOW_SPEECH_DB, background + _ABOVE_BACKGROUND_DB)
    return max(_QUIETEST_DB, min(threshold, speech - _LEAST_BELOW_DB))
