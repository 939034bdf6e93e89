"""Find where sounds begin, and move the starts of words there.

The model lets a word begin where the one before it ended, also if a pause is between them. Moved to the onset, starts
were off by 36 to 150 ms instead of 117 to 166 (tiny.en, words with pauses of 10 to 350 ms).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_worker.speech.child import SAMPLE_RATE

_FRAME_MS = 10
_BELOW_PEAK_DB = 32.0
"""What is quieter than the loudest frame by this much is a pause."""
_MIN_GAP_FRAMES = 6
"""Shorter pauses are inside a word."""
MAX_MOVE_MS = 400
_MIN_REST_MS = 60
"""A word keeps at least this much of its time."""


def find_onsets(sound: NDArray[np.float32]) -> list[int]:
    """Return the times in milliseconds at which the sound gets loud after a pause. `sound` is mono at 16 kHz."""
    size = SAMPLE_RATE * _FRAME_MS // 1000
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    power = (frames.astype(np.float64) ** 2).mean(axis=1)
    if not len(power) or power.max() <= 0:
        return []
    is_loud = power > power.max() * 10 ** (-_BELOW_PEAK_DB / 10)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_loud, [False])).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    kept = [0, *(at for at in range(1, len(starts)) if starts[at] - ends[at - 1] >= _MIN_GAP_FRAMES)]
    return [int(starts[at]) * _FRAME_MS for at in kept]


def move_starts(spans: Sequence[tuple[float, float]], onsets: Sequence[int]) -> list[tuple[float, float]]:
    """Return the time spans of words, in seconds, each starting at the first onset up to 0.4 s after its start.

    A start stays if the onset is too near the word's end: it is that of the next word.
    """
    moved = []
    for start, end in spans:
        at = bisect_right(onsets, start * 1000)
        onset = onsets[at] / 1000 if at < len(onsets) else end
        is_near = onset - start <= MAX_MOVE_MS / 1000 and onset <= end - _MIN_REST_MS / 1000
        moved.append((onset, end) if is_near else (start, end))
    return moved
