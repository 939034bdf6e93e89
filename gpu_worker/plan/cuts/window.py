"""Open only a window of a file."""

from __future__ import annotations

from fractions import Fraction

from gpu_worker.media.info import Facts
from gpu_worker.plan.encode import format_seconds

_SEEKABLE = frozenset({"mov", "matroska", "webm"})
"""Containers with an index of keyframes. In others ffmpeg finds a keyframe near the requested one."""


def can_seek(facts: Facts) -> bool:
    """Return True if ffmpeg finds the last keyframe before a time, and the file states its times."""
    containers = facts.container.split(",")
    return not _SEEKABLE.isdisjoint(containers) and (facts.video is None or facts.video.is_timed)


def window_args(start: Fraction, end: Fraction) -> tuple[str, ...]:
    """Return the options before an input that is read from the keyframe before `start` to `end`, in seconds.

    They require `-copyts -start_at_zero`: the times stay those of the file.
    """
    seek = ("-ss", format_seconds(start)) if start > 0 else ()
    return (*seek, "-t", format_seconds(end - max(start, Fraction(0))))
