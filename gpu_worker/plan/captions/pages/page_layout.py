"""The places of a page's lines and words in the frame, as the renderer lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.look import Look, text_width
from gpu_worker.plan.captions.placement import Placement, fit, place
from gpu_worker.plan.captions.words.direction import is_rtl
from gpu_worker.plan.captions.words.pages import Page
from gpu_worker.plan.measure import Typefaces
from gpu_worker.subtitles.spacing import join_words


class WordPlace(NamedTuple):
    """The place of a word in pixels of the frame, before the page is turned."""

    left: float
    right: float
    baseline: float
    middle: float
    """Halfway between the upper and the lower edge of its line."""


class _LineHeights(NamedTuple):
    """Pixels above and below the baseline, at the normal size."""

    above: float
    below: float


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page at its place: `scale` is the share of the normal size at which it fits."""

    page: Page
    look: Look
    faces: Typefaces
    at: Placement
    scale: float
    size: tuple[float, float]
    """Width and height in pixels, at that scale."""
    heights: tuple[_LineHeights, ...]

    def place_word(self, number: int) -> WordPlace:
        """Return the place of a word. It is right if all words of its line have one direction."""
        row, line, index = find_word(self.page, number)
        width, after = self._width(line), self._width(line[: index + 1])
        before = after - self._width(line[index : index + 1])
        if is_rtl(self.page):
            before, after = width - after, width - before
        left = self.at.left(width)
        top = self.at.top(self.size[1]) + sum(map(sum, self.heights[:row])) * self.scale
        above, below = self.heights[row]
        middle = top + (above + below) / 2 * self.scale
        return WordPlace(left + before, left + after, top + above * self.scale, middle)

    def _width(self, words: Sequence[Word]) -> float:
        return _line_width(words, self.look, self.faces) * self.scale


def lay_out(page: Page, look: Look, faces: Typefaces) -> PageLayout:
    """Return the page at the place and the size at which it fits into its region."""
    heights = tuple(_line_heights(line, look, faces) for line in page.lines)
    width = max(1.0, *(_line_width(line, look, faces) for line in page.lines))
    height = sum(map(sum, heights))
    at, scale = fit(place(look, page.place), (width, height), look)
    return PageLayout(page, look, faces, at, scale, (width * scale, height * scale), heights)


def _line_width(words: Sequence[Word], look: Look, faces: Typefaces) -> float:
    return text_width(join_words(words), look, faces)


def _line_heights(line: Sequence[Word], look: Look, faces: Typefaces) -> _LineHeights:
    """Return the heights of a line: those of the highest family in it. Spaces are in the family of the look."""
    families = {family or look.font for word in line for _, family in faces.runs(word.text, look.font)}
    families |= {look.font for word in line[1:] if word.has_space}
    above = max(faces.ascent(family) for family in families)
    below = max(faces.ass_size(family, 1.0) - faces.ascent(family) for family in families)
    return _LineHeights(above * look.em, below * look.em)


def find_word(page: Page, number: int) -> tuple[int, Sequence[Word], int]:
    """Return the index of the line, the line, and the index in it of a word."""
    for row, line in enumerate(page.lines):
        if number < len(line):
            return row, line, number
        number -= len(line)
    raise LookupError("the page has no such word")
