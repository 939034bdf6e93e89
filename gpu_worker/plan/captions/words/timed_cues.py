"""Give times to captions that have none."""

from __future__ import annotations

from fractions import Fraction

from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.words.script import time_script


def timed_cues(cues: tuple[Cue, ...] | None, script: tuple[str, ...], end: Fraction) -> tuple[Cue, ...] | None:
    """Return the cues, or the script spread over the time until `end`, in seconds; None if there is neither."""
    return time_script(script, round(end * 1000)) if script else cues
