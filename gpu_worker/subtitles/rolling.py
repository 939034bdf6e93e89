"""Captions that roll: each cue repeats the last line of the one before, above what is new.

YouTube's automatic captions are made so, with cues of 10 ms between that hold the repeated line alone. Drawn as they
stand, each phrase would be seen twice, and jump.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gpu_worker.media.info import Cue

_PADDING_MS = 50
_TOUCHING_MS = 100
_FEWEST = 3
_TAGS = re.compile(r"</?[iu]>")


def without_repeats(cues: Sequence[Cue], *, has_word_times: bool) -> tuple[Cue, ...]:
    """Return the cues, sorted, with each rolling line only where it is new. Others come back as they are."""
    lines = [[" ".join(_TAGS.sub("", line).split()) for line in cue.text.split("\n")] for cue in cues]
    repeats = [0, *(_repeated(one, two) for one, two in pairwise(zip(cues, lines, strict=True)))]
    if not _rolls(cues, lines, repeats, has_word_times=has_word_times):
        return tuple(cues)
    kept: list[Cue] = []
    for cue, repeated in zip(cues, repeats, strict=True):
        rest = cue.text.split("\n")[repeated:]
        if rest:
            kept.append(replace(cue, text="\n".join(rest)))
        elif cue.end_ms - cue.start_ms > _PADDING_MS:
            # Nothing new is said: what is seen stays.
            kept[-1] = replace(kept[-1], end_ms=max(kept[-1].end_ms, cue.end_ms))
    return tuple(kept)


def _rolls(cues: Sequence[Cue], lines: list[list[str]], repeats: list[int], *, has_word_times: bool) -> bool:
    """Two people may say the same one after the other; a file rolls if its cues do so throughout."""
    carried = sum(map(bool, repeats))
    if not carried:
        return False
    padding = any(
        repeated == len(own) and cue.end_ms - cue.start_ms <= _PADDING_MS
        for cue, own, repeated in zip(cues, lines, repeats, strict=True)
    )
    return has_word_times or padding or (carried >= _FEWEST and carried * 2 > len(cues))


def _repeated(before: tuple[Cue, list[str]], after: tuple[Cue, list[str]]) -> int:
    """Count the lines at the top of a cue that repeat the bottom of the one it follows without a pause."""
    (first, old), (second, new) = before, after
    if not -_TOUCHING_MS <= second.start_ms - first.end_ms <= _TOUCHING_MS:
        return 0
    return next((n for n in range(min(len(old), len(new)), 0, -1) if old[-n:] == new[:n]), 0)
