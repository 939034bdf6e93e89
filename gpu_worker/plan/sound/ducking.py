"""The level of music under speech: lower from the first syllable to a little after the last one.

The speech is known, from captions or from the sound itself, so the music becomes quiet before a word begins.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction

from contract.options.sound.music import Ducking
from gpu_worker.media.info import Cue

Span = tuple[float, float]
"""The start and the end of speech, in seconds."""

ENVELOPE_RATE = 1000
"""Samples per second of an envelope."""
_HOLD = 0.2
"""Seconds for which the music stays quiet after a word."""
_MAX_PAUSE = 0.85
"""In shorter pauses of speech the music stays quiet: it would only pump."""


def spans_of_cues(cues: Iterable[Cue]) -> tuple[Span, ...]:
    """Return when the cues are spoken: the times of their words where these are known."""
    parts = (part for cue in cues for part in (cue.words or (cue,)))
    return tuple((part.start_ms / 1000, part.end_ms / 1000) for part in parts)


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order; those with no or a short pause between them become one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] < _MAX_PAUSE:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def write_envelope(spans: Iterable[Span], ducking: Ducking, seconds: Fraction) -> bytes:
    """Return the factor for the music over time: little-endian floats, ENVELOPE_RATE a second.

    Ramps are linear in decibels. One that has not ended when the next begins turns back where the two meet.
    """
    count = math.ceil(seconds * ENVELOPE_RATE) + 1
    gains = array("f", [1.0]) * count
    down = _ramp(ducking.amount_db, ducking.attack)
    up = _ramp(ducking.amount_db, ducking.release)[::-1]
    for start, end in join_spans(spans):
        first, last = round(start * ENVELOPE_RATE), round((end + _HOLD) * ENVELOPE_RATE)
        quiet = array("f", [down[-1]]) * max(0, last - first - 1)
        _lower(gains, first - len(down) + 1, array("f", [*down, *quiet, *up]))
    if sys.byteorder == "big":
        gains.byteswap()
    return gains.tobytes()


def _ramp(amount_db: float, seconds: float) -> Sequence[float]:
    """Return factors from 1 down to the lowest."""
    steps = max(1, round(seconds * ENVELOPE_RATE))
    return [10 ** (-amount_db * step / steps / 20) for step in range(steps + 1)]


def _lower(gains: array[float], first: int, shape: array[float]) -> None:
    """Lower `gains` to the shape from the index `first` on, where they are higher."""
    begin, end = max(0, first), min(len(gains), first + len(shape))
    if begin < end:
        lowered = shape[begin - first : end - first]
        gains[begin:end] = array("f", map(min, gains[begin:end], lowered))
