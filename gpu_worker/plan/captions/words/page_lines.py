"""Break the words of a page into lines of about equal width."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence, Set
from math import inf

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.words.split import is_closing, is_opening
from gpu_worker.subtitles.spacing import join_words

_NUMBER = re.compile(r"[^\w\s]*\d(?:[\d.,:/]*\d)?")
_THOUSANDS = re.compile(r"\d{3}\D*")
_UNIT = re.compile(
    r"(?:[%‰€$£¥₹₽°]\w?|[kcmµnd]?m[²³23]?|km/h|mph|mi|ft|in|yd|[kmµ]?g|lbs?|oz|[kmcdh]?l|[kmµ]?s|min|h|hrs?|[kmg]?hz"
    r"|[kmgt]i?b(?:/s|it)?|[km]?[wva]h?|[kh]?pa|fps|dpi|px|am|pm|a\.m|p\.m|uhr|usd|eur|gbp|jpy|chf|rub|kr|zł|mio|mrd"
    r"|millions?|billions?|percent|prozent|degrees|grad)[\W]*",
    re.IGNORECASE,
)

_Best = tuple[int, float, int]
"""Bad breaks so far, the widest line so far, and the first word of the last line."""


class LineBreaker:
    """Finds the best lines within some words. `width` measures a text; no line may be wider than `room`."""

    def __init__(self, words: Sequence[Word], width: Callable[[str], float], room: float) -> None:
        self._words = words
        self._room = room
        self.bad_breaks = {at for at in range(1, len(words)) if is_bad_break(words[at - 1].text, words[at].text)}
        """Indexes of words with which no line should begin."""
        self._width = functools.cache(lambda first, stop: width(join_words(words[first:stop])))

    def fits(self, first: int, stop: int) -> bool:
        """Return True if a range of words is at most as wide as the room, or a single word."""
        return stop - first == 1 or self._width(first, stop) <= self._room

    def break_lines(self, first: int, stop: int, max_lines: int) -> tuple[tuple[Word, ...], ...]:
        """Return the lines of a range of words, which must fit into `max_lines`.

        They have few bad breaks, are few, and the widest is as narrow as possible, in this order.
        """
        if self.fits(first, stop):
            return (tuple(self._words[first:stop]),)
        rows = self._search(first, stop, max_lines)
        lines: list[tuple[Word, ...]] = []
        for row in reversed(rows):
            before = row[stop][2]
            lines.append(tuple(self._words[before:stop]))
            stop = before
        return tuple(reversed(lines))

    def _search(self, first: int, stop: int, max_lines: int) -> list[dict[int, _Best]]:
        """Return, for each line of the best solution, the best way to end it before each word."""
        rows: list[dict[int, _Best]] = [{first: (0, 0.0, first)}]
        for _ in range(max_lines):
            rows.append({})
            for at, (bad, widest, _before) in rows[-2].items():
                for end in range(at + 1, stop + 1):
                    if not self.fits(at, end):
                        break
                    found = (bad + (end < stop and end in self.bad_breaks), max(widest, self._width(at, end)), at)
                    rows[-1][end] = min(rows[-1].get(end, found), found)
        count = min((n for n, row in enumerate(rows) if n and stop in row), key=lambda n: (rows[n][stop][0], n))
        return rows[1 : count + 1]


class LineCounter:
    """Counts the lines that words need while they are added; no line begins with one of the words in `unwanted`."""

    def __init__(self, breaker: LineBreaker, first: int, unwanted: Set[int] = frozenset()) -> None:
        self.count: float = 1
        """The lines; infinite if words that belong together are wider than the room."""
        self._breaker = breaker
        self._line = first
        self._unwanted = unwanted

    def add(self, stop: int) -> None:
        """Add the word before `stop`."""
        if self._breaker.fits(self._line, stop):
            return
        first = stop - 1
        while first in self._unwanted and first > self._line:
            first -= 1
        is_possible = first > self._line and self._breaker.fits(first, stop)
        self.count = self.count + 1 if is_possible else inf
        self._line = first if is_possible else stop - 1


def is_bad_break(before: str, after: str) -> bool:
    """Return True if a line must not end between these words: one belongs to the other."""
    if is_opening(before[-1]) or (is_closing(after[0]) and not any(map(str.isalnum, after))):
        return True
    return bool(_NUMBER.fullmatch(before) and (_UNIT.fullmatch(after) or _THOUSANDS.fullmatch(after)))
