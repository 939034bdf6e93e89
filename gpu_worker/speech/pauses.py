"""Find the pauses of a sound, and move the starts of words to where the sound begins again.

A model lets a word begin where the one before it ended, also if a pause is between them, and it notices words earlier
or later by about as much each time, tiny.en by 0.1 s late, base by 0.06 to 0.2 s early. Mean errors of starts, as the
model returns them and as they are moved here: for words with pauses of 10 to 350 ms (3 voices of flite) 142 and 69 ms
with tiny.en, 278 and 45 ms with base; in flowing speech (4 voices of espeak-ng) 111 and 94, and 62 and 60 ms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gpu_worker.speech.child import SAMPLE_RATE
from gpu_worker.speech.words.limits import MAX_WORD_MS

_FRAME_MS = 10
_BELOW_PEAK_DB = 32.0
"""Frames that are quieter than the loudest one by this much are a pause."""
_MIN_FRAMES = 6
"""Shorter pauses are inside a word."""

Pause = tuple[float, float]
"""The end of one sound and the start of the next, in seconds."""

_MAX_LAG = 0.25
_TOLERANCE = 0.02
_MIN_PAUSES, _PAUSES_PER_WORD = 6, 0.3
"""Pauses inside sentences from which the lag is estimated, and how many for each word. In flowing speech most pauses
are inside words or behind signs, which says nothing: base seemed to be 0.2 s late and was 0.07 s early."""
_AGREEING = 0.6
"""Share of these pauses in which a start must lie."""
_EARLIER, _LATER = 0.15, 0.3
"""A start this long before the end of a sound, or after the start of one, is taken to be in the pause."""
_MIN_REST = 0.06
"""A word keeps at least this much of its time: a later sound is the next word."""


def find_pauses(sound: NDArray[np.float32]) -> list[Pause]:
    """Return the pauses of a sound, mono at 16 kHz; the first one is before it begins."""
    size = SAMPLE_RATE * _FRAME_MS // 1000
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    power = (frames**2).mean(axis=1)
    if not len(power) or power.max() <= 0:
        return []
    is_loud = power > power.max() * 10 ** (-_BELOW_PEAK_DB / 10)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_loud, [False])).astype(np.int8))) * _FRAME_MS / 1000
    gaps = zip(edges[1:-1:2], edges[2::2], strict=True)
    long = [(float(off), float(on)) for off, on in gaps if on - off >= _MIN_FRAMES * _FRAME_MS / 1000 - 1e-6]
    return [(-1.0, float(edges[0])), *long]


def move_starts(
    spans: Sequence[tuple[float, float]], texts: Sequence[str], pauses: Sequence[Pause]
) -> list[tuple[float, float]]:
    """Return the time spans of words in seconds; words that start in a pause start after it.

    A word that starts after a pause lasts at most 1.2 s: then silence follows it.
    """
    ends_part = [not before.strip()[-1:].isalnum() for before in ["", *texts]]
    lag = estimate_lag([start for start, _ in spans], ends_part[: len(spans)], pauses)
    onsets = [on for _, on in pauses]
    moved: list[tuple[float, float]] = []
    for noticed, noticed_end in spans:
        start, end = max(0.0, noticed - lag), noticed_end - lag
        before = moved[-1][0] if moved else -1.0
        # Of the pauses that end after `start`, give or take, only the first two can be around it.
        first = bisect_left(onsets, start - _LATER)
        fitting = [
            on for off, on in pauses[first : first + 2] if off - _EARLIER <= start and before < on <= end - _MIN_REST
        ]
        if fitting:
            onset = min(fitting, key=lambda on: abs(on - start))
            moved.append((onset, min(end, onset + MAX_WORD_MS / 1000)))
        else:
            moved.append((max(start, before), end))
    return moved


def estimate_lag(starts: Sequence[float], begins_part: Sequence[bool], pauses: Sequence[Pause]) -> float:
    """Return by how many seconds the starts are late (negative: early): most of them lie in pauses then.

    `begins_part` is True for words behind a sign: its pause says nothing. 0 if there are too few other pauses to tell.
    """
    ordered = sorted(zip(starts, begins_part, strict=True))
    times = [start for start, _ in ordered]
    changes: list[tuple[float, int]] = []
    usable = 0
    for off, on in pauses[1:]:
        near = ordered[bisect_left(times, off - _MAX_LAG) : bisect_right(times, on + _MAX_LAG)]
        if not near or any(begins for _, begins in near):
            continue
        usable += 1
        for start, _ in near:
            low, high = max(-_MAX_LAG, start - on - _TOLERANCE), min(_MAX_LAG, start - off + _TOLERANCE)
            changes += [(low, 1), (high, -1)] if low < high else []
    if usable < max(_MIN_PAUSES, _PAUSES_PER_WORD * len(starts)) or not changes:
        return 0.0
    changes.sort(key=lambda change: (change[0], -change[1]))
    best = depth = 0
    ranges: list[tuple[float, float]] = []
    for (low, step), (high, _) in pairwise(changes):
        depth += step
        if step > 0 and depth >= best:
            ranges = [*(ranges if depth == best else []), (low, high)]
            best = depth
    return min((min(max(0.0, low), high) for low, high in ranges), key=abs) if best >= _AGREEING * usable else 0.0
