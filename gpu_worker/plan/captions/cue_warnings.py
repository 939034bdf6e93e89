"""Warn about subtitles that are never seen, or too briefly to be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fractions import Fraction

from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.glyphs.line_breaks import strip_tags

_MIN_MS = 830
"""Subtitle guidelines show a caption for 5/6 s at least. A single word is recognized at a glance."""
_MAX_CHARACTERS_PER_SECOND = 20
"""The most that subtitle guidelines allow for adults. An ideograph is read in the time of two letters."""


def late_caption_warnings(cues: Sequence[Cue], end: Fraction) -> tuple[str, ...]:
    """Return a warning for the client if subtitles begin only after the video has ended. `end` is in seconds."""
    late = sum(cue.start_ms >= end * 1000 for cue in cues)
    return (f"Subtitles that begin after the end of the video: {late} of {len(cues)}.",) if late else ()


def brief_caption_warnings(cues: Sequence[Cue]) -> tuple[str, ...]:
    """Return a warning for the client if captions are shown too briefly to be read."""
    brief = [cue for cue in cues if _is_too_brief(cue)]
    if not brief:
        return ()
    verb = "is" if len(brief) == 1 else "are"
    first = min(cue.start_ms for cue in brief) / 1000
    return (f"{len(brief)} of {len(cues)} captions {verb} shown too briefly to read, the first at {first:.1f} s.",)


def _is_too_brief(cue: Cue) -> bool:
    span_ms = cue.end_ms - cue.start_ms
    text = strip_tags(cue.text)
    length = len(text) + sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return (span_ms < _MIN_MS and len(text.split()) > 1) or length * 1000 > _MAX_CHARACTERS_PER_SECOND * span_ms
