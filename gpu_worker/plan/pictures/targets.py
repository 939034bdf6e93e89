"""Choose the times of pictures, without looking at them."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

from gpu_worker.media.info import VideoFacts

_SAME = Fraction(1, 2000)
"""Seconds: a frame that begins this much later is the one that is meant. People write milliseconds."""

_CANDIDATES = range(10, 100, 10)
"""Percent of the video."""

_NEAR = Fraction(1, 20)
"""Share of the video within which a keyframe stands for a candidate: decoding it alone is fast."""


def frame_at(video: VideoFacts, shown: list[int], time: Fraction) -> int:
    """Return the time of the frame on display at a time in seconds, in units of the time base."""
    return shown[max(0, bisect_right(shown, (time + _SAME) / video.time_base) - 1)]


def spread(video: VideoFacts, count: int) -> list[Fraction]:
    """Return the middles of `count` equal parts of the video, in seconds."""
    return [video.start + video.duration * Fraction(2 * index + 1, 2 * count) for index in range(count)]


def candidates(video: VideoFacts) -> list[int]:
    """Return the times of frames that may become the only picture, in units of the time base."""
    shown = video.shown_times()
    known = set(shown)
    keys = [time for time, key in zip(video.packet_times, video.keys, strict=False) if key and time in known]
    found = []
    for percent in _CANDIDATES:
        wanted = frame_at(video, shown, video.start + video.duration * Fraction(percent, 100))
        nearest = min(keys, key=lambda key: abs(key - wanted), default=wanted)
        is_near = abs(nearest - wanted) * video.time_base <= video.duration * _NEAR
        found.append(nearest if is_near else wanted)
    return sorted(set(found))
