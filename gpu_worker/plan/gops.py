"""Which frames of a video must be encoded again to carry its captions, and from where on the others can be copied.

Only for closed groups of pictures: those whose frames refer to none outside. What is drawn into one of
their frames changes every later frame up to the next key frame, and no frame before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.plan.captions.layout import hundredths

_LEAST_ENCODED, _LEAST_COPIED = 8, 4
"""Frames: more than lie between decoding and presenting, and never one key frame right behind another."""


@dataclass(frozen=True, slots=True)
class ReencodeRange:
    """Frames `first` up to, not with, `end` are encoded again. Their decoding starts at the key frame `key`."""

    key: int
    first: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.first


def frame_ticks(video: VideoFacts) -> int | None:
    """How many units of the time base each frame lasts; None if they are not evenly spaced from time 0 on."""
    order = sorted(video.packet_times)
    steps = {after - before for before, after in pairwise(order)}
    if video.hidden or len(steps) != 1 or order[0] != 0:
        return None
    ticks = steps.pop()
    return ticks if ticks > 0 else None


def stretches(video: VideoFacts, cues: Iterable[Cue], ticks: int) -> tuple[ReencodeRange, ...] | None:
    """What to encode again for these cues, in order and apart; None if the groups of pictures are not closed.

    A stretch ends where a key frame, or the end, makes the copy independent of it. It may start
    in the middle of a group, wherever the frames stored so far are the earliest ones.
    """
    count = len(video.packet_times)
    starts = _starts(video.packet_times, ticks)
    keys = [index for index, key in enumerate(video.packet_keys) if key]
    if not keys or keys[0] != 0 or not set(keys) <= set(starts):
        return None
    if any(video.packet_times[key] != key * ticks for key in keys):
        return None  # frames stored behind a key frame and shown before it may refer to the group before
    found: list[ReencodeRange] = []
    for begin, stop in _shown(cues, range(0, count * ticks, ticks), video.time_base):
        after = bisect_left(keys, stop)
        end = keys[after] if after < len(keys) else count
        first, key = _first(starts, keys, max(0, min(begin, end - _LEAST_ENCODED)))
        while found and found[-1].end >= first:
            last = found.pop()
            first, key, end = min(last.first, first), min(last.key, key), max(last.end, end)
        found.append(ReencodeRange(key, first, end))
    return tuple(found)


def _starts(times: Sequence[int], ticks: int) -> list[int]:
    """Where the frames stored so far are exactly the earliest: `n` is among them if the first `n` packets are."""
    found, latest = [0], -1
    for stored, time in enumerate(times, start=1):
        latest = max(latest, time // ticks)
        if latest == stored - 1:
            found.append(stored)
    return found


def _first(starts: list[int], keys: list[int], wanted: int) -> tuple[int, int]:
    """The latest start that is not after `wanted`, and the key frame from which it can be decoded."""
    first = starts[bisect_right(starts, wanted) - 1]
    key = keys[bisect_right(keys, first) - 1]
    # Of a copied group at least as much is left as its first frames take to be decoded in their order.
    return (key, key) if first - key < _LEAST_COPIED else (first, key)


def _shown(cues: Iterable[Cue], times: Sequence[int], time_base: Fraction) -> list[tuple[int, int]]:
    """The frames each cue is seen on, in the order of their starts.

    Computed like ffmpeg's `ass` filter does, in double precision and cut to milliseconds, so that a
    cue that ends with a group of pictures does not take the next one along.
    """
    tick = time_base.numerator / time_base.denominator

    def first_at(milliseconds: int) -> int:
        return bisect_left(times, milliseconds, key=lambda time: int(time * tick * 1000))

    spans = ((first_at(hundredths(cue.start_ms) * 10), first_at(hundredths(cue.end_ms) * 10)) for cue in cues)
    return sorted((begin, stop) for begin, stop in spans if begin < stop)
