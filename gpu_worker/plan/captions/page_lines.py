"""Break the words of a page into lines of about equal width."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.words import is_closing, is_opening
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
        self._width = functools.cache(lambda first, stop: width(join_words(words[first:stop])))

    def fits(self, first: int, stop: int) -> bool:
        """Return True if a range of words is at most as wide as the room, or a single word."""
        return stop - first == 1 or self._width(first, stop) <= self._room

    def break_lines(self, first: int, stop: int, max_lines: int) -> tuple[tuple[Word, ...], ...]:
        """Return the lines of a range of words, which must fit into `max_lines`.

        They have few bad breaks, are few, and the widest is as narrow as possible, in this order.
        """
        rows = self._search(first, stop, max_lines)
        lines: list[tuple[Word, ...]] = []
        for row in reversed(rows):
            before = row[stop][2]
            lines.append(tuple(self._words[before:stop]))
            stop = before
        return tuple(reversed(lines))

    def count_bad_breaks(self, first: int, stop: int, max_lines: int) -> int:
        """Return the bad breaks between the lines of a range of words."""
        if not any(map(self.is_bad_break, range(first + 1, stop))):
            return 0
        return self._search(first, stop, max_lines)[-1][stop][0]

    def _search(self, first: int, stop: int, max_lines: int) -> list[dict[int, _Best]]:
        """Return, for each line of the best solution, the best way to end it before each word."""
        rows: list[dict[int, _Best]] = [{first: (0, 0.0, first)}]
        for _ in range(max_lines):
            rows.append({})
            for at, (bad, widest, _before) in rows[-2].items():
                for end in range(at + 1, stop + 1):
                    if not self.fits(at, end):
                        break
                    found = (bad + (end < stop and self.is_bad_break(end)), max(widest, self._width(at, end)), at)
                    rows[-1][end] = min(rows[-1].get(end, found), found)
        count = min((n for n, row in enumerate(rows) if n and stop in row), key=lambda n: (rows[n][stop][0], n))
        return rows[1 : count + 1]

    def is_bad_break(self, at: int) -> bool:
        """Return True if a line must not begin with this word: it belongs to the one before."""
        before, after = self._words[at - 1].text, self._words[at].text
        if is_opening(before[-1]) or (is_closing(after[0]) and not any(map(str.isalnum, after))):
            return True
        return bool(_NUMBER.fullmatch(before) and (_UNIT.fullmatch(after) or _THOUSANDS.fullmatch(after)))
