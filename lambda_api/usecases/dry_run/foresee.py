"""Predict a worker's warnings, as far as they can be known before: times and lengths that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contract.errors import Code, Failure
from contract.limits import Limits
from contract.operations import Operation
from contract.operations.trim import Trim
from contract.options.captions import CaptionOptions
from contract.options.captions.text import AUTO, is_timed

_CHARACTERS_PER_SECOND = 20
"""The most that subtitle guidelines allow for adults, as the worker has it."""


def foresee(
    operation: Operation, lengths: Mapping[str, float], result_seconds: float | None, gpu_seconds: float, limits: Limits
) -> Iterator[str]:
    """Yield warnings. `lengths`: of the inputs in seconds, by field."""
    for field, seconds in lengths.items():
        if seconds > limits.max_media_seconds:
            limit = f"{limits.max_media_seconds / 60:g} minutes of media"
            yield Failure.of(Code.MEDIA_OVER_BUDGET, field=field, limit=limit).message
    if gpu_seconds > limits.execution_seconds:
        yield (
            f"The work may take longer than the {limits.execution_seconds:g} s that one execution may last. "
            "Send shorter inputs."
        )
    if isinstance(operation, Trim) and "url_video" in lengths:
        yield from _late_ranges(operation, lengths["url_video"])
    if isinstance(operation, CaptionOptions) and result_seconds is not None:
        yield from _captions(operation, result_seconds)


def _late_ranges(operation: Trim, video: float) -> Iterator[str]:
    for field, start, _ in operation.ranges():
        if start >= video:
            yield Failure.of(Code.RANGE_OUTSIDE_MEDIA, field=field, limit=f"{video:.1f} s").message


def _captions(operation: CaptionOptions, seconds: float) -> Iterator[str]:
    words = operation.words or ()
    late = sum(word.start >= seconds for word in words)
    if late:
        yield f"Words that begin after the end of the video: {late} of {len(words)}. It lasts {seconds:.1f} s."
    text = operation.captions
    if text is None or text == AUTO or is_timed(text):
        return
    # Without times, the text is spread over the whole video.
    length = len(" ".join(text.split()))
    if length > _CHARACTERS_PER_SECOND * seconds:
        yield (
            f"`captions` has {length} characters for {seconds:.1f} s, more than can be read. "
            "Send less text, or text with times."
        )
