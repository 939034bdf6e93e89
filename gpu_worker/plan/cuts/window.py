"""Open only a window of a file."""

from __future__ import annotations

from fractions import Fraction

from gpu_worker.plan.encode import format_seconds


def window_args(start: Fraction, end: Fraction) -> tuple[str, ...]:
    """Return the options before an input that is read from the keyframe before `start` to `end`, in seconds.

    They require `-copyts -start_at_zero`: the times stay those of the file.
    """
    seek = ("-ss", format_seconds(start)) if start > 0 else ()
    return (*seek, "-t", format_seconds(end - max(start, Fraction(0))))
