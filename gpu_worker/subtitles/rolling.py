"""Remove the repeated lines of rolling captions, in which each cue starts with the last line of the one before.

YouTube's automatic captions are like this, with cues of 10 ms in between that hold only the repeated line. Drawn
unchanged, each phrase would appear twice, and jump.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gpu_worker.media.info import Cue

_PADDING_MS = 50
_TOUCHING_MS = 100
_MIN_REPEATS = 3
_TAGS = re.compile(r"</?[iu]>")


def remove_repeats(cues: Sequence[Cue], *, has_word_times: bool) -> tuple[Cue, ...]:
    """Return sorted cues with each rolling line only where it is new. Other files are returned unchanged."""
    lines = [[" ".join(_TAGS.sub("", line).split()) for line in cue.text.split("\n")] for cue in cues]
    repeats = [0, *(_count_repeated(one, two) for one, two in pairwise(zip(cues, lines, strict=True)))]
    if not _is_rolling(cues, lines, repeats, has_word_times=has_word_times):
        return tuple(cues)
    kept: list[Cue] = []
    for cue, repeated in zip(cues, repeats, strict=True):
        rest = cue.text.split("\n")[repeated:]
        if rest:
            kept.append(replace(cue, text="\n".join(rest)))
        elif cue.end_ms - cue.start_ms > _PADDING_MS:
            # No new line: extend the previous cue.
            kept[-1] = replace(kept[-1], end_ms=max(kept[-1].end_ms, cue.end_ms))
    return tuple(kept)


def _is_rolling(cues: Sequence[Cue], lines: list[list[str]], repeats: list[int], *, has_word_times: bool) -> bool:
    """Return True if cues repeat throughout the file: now and then, two people just say the same thing."""
    carried = sum(map(bool, repeats))
    if not carried:
        return False
    padding = any(
        repeated == len(own) and cue.end_ms - cue.start_ms <= _PADDING_MS
        for cue, own, repeated in zip(cues, lines, repeats, strict=True)
    )
    return has_word_times or padding or (carried >= _MIN_REPEATS and carried * 2 > len(cues))


def _count_repeated(before: tuple[Cue, list[str]], after: tuple[Cue, list[str]]) -> int:
    """Count the lines at the top of a cue that repeat the bottom of the one it follows without a pause."""
    (first, old), (second, new) = before, after
    if not -_TOUCHING_MS <= second.start_ms - first.end_ms <= _TOUCHING_MS:
        return 0
    return next((n for n in range(min(len(old), len(new)), 0, -1) if old[-n:] == new[:n]), 0)
