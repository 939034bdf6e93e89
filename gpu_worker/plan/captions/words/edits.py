"""Change captions as the caller asks, however they are shown: leave out ranges of time, and replace words."""

from __future__ import annotations

from collections.abc import Sequence

from contract.options.captions import CaptionOptions
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.words.replacements import replace_in_cues
from gpu_worker.plan.captions.words.timing import exclude_ranges


def excluded_ranges(options: CaptionOptions) -> list[tuple[int, int]]:
    """Return the ranges without captions, in milliseconds."""
    return [(round(span.start * 1000), round(span.end * 1000)) for span in options.exclude]


def edit_cues(cues: Sequence[Cue], options: CaptionOptions) -> tuple[Cue, ...]:
    """Return the cues that are shown, with the texts that are shown."""
    ranges = excluded_ranges(options)
    shown = exclude_ranges(cues, ranges) if ranges else tuple(cues)
    return replace_in_cues(shown, options.replace) if options.replace else shown
