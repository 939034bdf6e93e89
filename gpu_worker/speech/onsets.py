"""Find where sounds begin, and move the starts of words there.

The model notices a word late while speech flows, and lets it begin where the one before it ended, also if a pause is
between them. Mean errors of starts with tiny.en, as they come and as they are returned here: 110 and 57 ms in flowing
speech (4 voices of espeak-ng), 113 to 142 and 35 to 70 ms for words with pauses of 10 to 350 ms (3 voices of flite).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_worker.speech.child import SAMPLE_RATE
from gpu_worker.speech.words.limits import MAX_WORD_MS

_FRAME_MS = 10
_BELOW_PEAK_DB = 32.0
"""What is quieter than the loudest frame by this much is a pause."""
_MIN_GAP_FRAMES = 6
"""Shorter pauses are inside a word."""
_LAG_SECONDS = 0.08
"""The model notices a word this long after it begins."""
_EARLIER_SECONDS, _LATER_SECONDS = 0.1, 0.4
"""How far a start may move to an onset."""
_MIN_REST_SECONDS = 0.06
"""A word keeps at least this much of its time: a later onset is that of the next word."""


def find_onsets(sound: NDArray[np.float32]) -> list[float]:
    """Return the times in seconds at which the sound gets loud after a pause. `sound` is mono at 16 kHz."""
    size = SAMPLE_RATE * _FRAME_MS // 1000
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    power = (frames**2).mean(axis=1)
    if not len(power) or power.max() <= 0:
        return []
    is_loud = power > power.max() * 10 ** (-_BELOW_PEAK_DB / 10)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_loud, [False])).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    kept = [0, *(at for at in range(1, len(starts)) if starts[at] - ends[at - 1] >= _MIN_GAP_FRAMES)]
    return [int(starts[at]) * _FRAME_MS / 1000 for at in kept]


def move_starts(spans: Sequence[tuple[float, float]], onsets: Sequence[float]) -> list[tuple[float, float]]:
    """Return the time spans of words in seconds, each starting when it is heard: at an onset, if one is near.

    A word that starts at an onset lasts at most 1.2 s: then silence follows it.
    """
    moved: list[tuple[float, float]] = []
    for noticed, end in spans:
        start = max(0.0, noticed - _LAG_SECONDS)
        before = moved[-1][0] if moved else -1.0
        low, high = max(start - _EARLIER_SECONDS, before), min(start + _LATER_SECONDS, end - _MIN_REST_SECONDS)
        near = onsets[bisect_right(onsets, low) : bisect_right(onsets, high)]
        if near:
            onset = min(near, key=lambda onset: abs(onset - start))
            moved.append((onset, min(end, onset + MAX_WORD_MS / 1000)))
        else:
            moved.append((max(start, before), end))
    return moved
