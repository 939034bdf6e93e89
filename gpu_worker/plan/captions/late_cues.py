"""Warn about subtitles that are never seen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gpu_worker.media.info import Cue


def late_caption_warnings(cues: Sequence[Cue], end: Fraction) -> tuple[str, ...]:
    """Return a warning for the client if subtitles begin only after the video has ended. `end` is in seconds."""
    late = sum(cue.start_ms >= end * 1000 for cue in cues)
    return (f"Subtitles that begin after the end of the video: {late} of {len(cues)}.",) if late else ()
