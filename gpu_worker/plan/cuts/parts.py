"""Find the frames of a part of a video.

A part has the frames that begin within it, each for its full time, so its start and end are those of frames. Only where
a picture stays for longer, as in a recorded screen, a frame is cut: the one on display is then shown from the start.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction

from gpu_worker.media.info import Facts, VideoFacts

_SAME = Fraction(1, 2000)
"""Seconds before a requested time within which a frame begins at it: people and players write milliseconds."""

_WAIT = Fraction(1, 10)
"""Seconds after a requested time within which a part starts, or ends, with the next frame."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a video from `start` to `end`, in seconds.

    `first` is the time of its first frame in units of the video's time base, before `start` if that frame is cut.
    """

    start: Fraction
    end: Fraction
    first: int
    frames: int

    @property
    def duration(self) -> Fraction:
        return self.end - self.start


def exact_seconds(seconds: float) -> Fraction:
    """Return the decimal that a client wrote, to the microsecond."""
    return Fraction(round(seconds * 1_000_000), 1_000_000)


def media_end(facts: Facts, video: VideoFacts) -> Fraction:
    """Return the time at which a player stops, in seconds: it shows the last frame while there is sound."""
    audio = facts.audio
    return audio.end if audio is not None and audio.end > video.end + _WAIT else video.end


def find_part(
    video: VideoFacts, shown: list[int], start: Fraction, end: Fraction | None, last: Fraction
) -> Part | None:
    """Return the part of a video between two times in seconds; None if it has no frame.

    `shown` are the frames' times, `last` is the end of the video, where the part ends without an `end`.
    """
    base = video.time_base
    begin = max(_boundary(video, shown, start, last), shown[0] * base)
    stop = last if end is None else min(_boundary(video, shown, end, last), last)
    if begin >= stop:
        return None
    first = bisect_right(shown, begin / base) - 1
    return Part(begin, stop, shown[first], bisect_left(shown, stop / base) - first)


def _boundary(video: VideoFacts, shown: list[int], time: Fraction, last: Fraction) -> Fraction:
    """Return the time at which the first frame from `time` on begins, or the last one ends; else `time` itself."""
    index = bisect_left(shown, (time - _SAME) / video.time_base)
    following = shown[index] * video.time_base if index < len(shown) else last
    if following - time <= _WAIT:
        return following
    return math.ceil(time / video.time_base) * video.time_base
