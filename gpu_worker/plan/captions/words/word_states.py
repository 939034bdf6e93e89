"""Split a page's time by the word that is being spoken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gpu_worker.plan.captions.words.pages import Page

_HOLD_MS = 300
"""A word stays active through a shorter pause: a color that goes and comes again flickers."""


class WordState(NamedTuple):
    """A part of a page's time. Times in milliseconds."""

    start_ms: int
    end_ms: int
    begun: int
    """The number of words that have begun."""
    active: int | None
    """The index of the word that is being spoken; None in a pause."""


def word_states(page: Page) -> Iterator[WordState]:
    """Yield the states of a page. They tile its time."""
    words = page.words
    now = page.start_ms
    for index, word in enumerate(words):
        start = min(max(now, word.start_ms), page.end_ms)
        following = words[index + 1].start_ms if index + 1 < len(words) else word.end_ms
        end = following if following - word.end_ms < _HOLD_MS else word.end_ms
        end = min(max(start, end), page.end_ms)
        if start > now:
            yield WordState(now, start, index, None)
        if end > start:
            yield WordState(start, end, index + 1, index)
        now = end
    if now < page.end_ms:
        yield WordState(now, page.end_ms, len(words), None)
