"""The writing direction of pages."""

from __future__ import annotations

import unicodedata

from gpu_worker.plan.captions.words.pages import Page

_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def is_rtl(page: Page) -> bool:
    """Return True if the first letter of the page is written from right to left."""
    directions = (_is_rtl(word.text) for word in page.words)
    return next((found for found in directions if found is not None), False)


def is_mixed(page: Page) -> bool:
    """Return True if the page has letters of both directions."""
    directions = {_is_rtl(char) for word in page.words for char in word.text}
    return {True, False} <= directions


def _is_rtl(text: str) -> bool | None:
    """Return the direction of the first letter; None if the text has no letter."""
    kinds = map(unicodedata.bidirectional, text)
    return next((kind in _RIGHT_TO_LEFT for kind in kinds if kind == "L" or kind in _RIGHT_TO_LEFT), None)
