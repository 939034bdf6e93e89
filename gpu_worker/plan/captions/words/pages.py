"""Divide timed words into pages: the words that are shown together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.overlaps import TimedCue, separate
from gpu_worker.plan.captions.words.page_lines import LineBreaker, LineCounter
from gpu_worker.subtitles.sentences import ends_clause, ends_sentence
from gpu_worker.subtitles.word_cues import PAUSE_MS

_FLICKER_MS = 300
"""A shorter gap between two pages would flicker: the first one stays."""
_LINGER_MS = 200
_MIN_PAGE_MS = 500
_MAX_PAGE_WORDS = 40

# Costs of a page in one unit; the sum over a cue's pages is minimized. The square of a page's characters is added, so
# that pages are about equally long.
_PAGE, _SENTENCE, _CLAUSE, _BAD_BREAK, _ORPHAN, _SHORT = 100_000, -70_000, -35_000, 200_000, 60_000, 20_000
_MAX_LENGTH_COST = 40_000


@dataclass(frozen=True, slots=True)
class PageLimits:
    """The limits of a page. `max_words` and `max_characters` are 0 if only the room for lines is limited."""

    max_words: int = 0
    max_characters: int = 0
    max_lines: int = 2


@dataclass(frozen=True, slots=True)
class Page:
    """Words shown together, by lines; times in milliseconds; the place as in a cue."""

    start_ms: int
    end_ms: int
    lines: tuple[tuple[Word, ...], ...]
    place: int

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line)


def paginate(
    cues_words: Sequence[TimedCue],
    limits: PageLimits,
    width: Callable[[str], float],
    room: float,
    excluded_ms: Sequence[tuple[int, int]] = (),
) -> tuple[Page, ...]:
    """Return the pages of cues with their timed words, in order of time. Pages of one place never overlap.

    `width` measures a text. No line is wider than `room`, except a single word that is. No page stays after its last
    word into one of the excluded ranges.
    """
    pages: list[Page] = []
    for place in sorted({cue.place for cue, _ in cues_words}):
        own = [timed for timed in cues_words if timed[0].place == place]
        divided = [page for timed in separate(own) for page in _divide(timed, limits, width, room)]
        pages += _time_pages(divided, sorted(start_ms for start_ms, _ in excluded_ms))
    return tuple(sorted(pages, key=lambda page: (page.start_ms, page.end_ms)))


@dataclass(frozen=True, slots=True)
class _Untimed:
    cue: Cue
    lines: tuple[tuple[Word, ...], ...]

    @property
    def start_ms(self) -> int:
        return self.lines[0][0].start_ms

    @property
    def last_ms(self) -> int:
        return self.lines[-1][-1].end_ms


def _divide(timed: TimedCue, limits: PageLimits, width: Callable[[str], float], room: float) -> Iterator[_Untimed]:
    """Yield the pages of one cue."""
    cue, words = timed
    pauses = [at for at, (one, two) in enumerate(pairwise(words), 1) if two.start_ms - one.end_ms > PAUSE_MS]
    for first, stop in pairwise([0, *pauses, len(words)]):
        run = words[first:stop]
        breaker = LineBreaker(run, width, room)
        for begin, end in _choose_pages(run, limits, breaker):
            yield _Untimed(cue, breaker.break_lines(begin, end, limits.max_lines))


def _choose_pages(words: Sequence[Word], limits: PageLimits, breaker: LineBreaker) -> list[tuple[int, int]]:
    """Return the ranges of words with the least total cost."""
    ends = [_end_cost(words, stop, breaker) for stop in range(len(words) + 1)]
    # The least cost of the words from an index on, and the end of the first page there.
    best: list[tuple[int, int]] = [(0, 0)] * (len(words) + 1)
    for first in range(len(words) - 1, -1, -1):
        best[first] = min(
            (best[stop][0] + ends[stop] + _page_cost(words, first, stop) + cost, stop)
            for stop, cost in _possible_ends(words, first, limits, breaker)
        )
    ranges: list[tuple[int, int]] = []
    at = 0
    while at < len(words):
        ranges.append((at, best[at][1]))
        at = best[at][1]
    return ranges


def _end_cost(words: Sequence[Word], stop: int, breaker: LineBreaker) -> int:
    """Return the cost of a page that ends before a word."""
    if stop in {0, len(words)}:
        return _PAGE
    last = words[stop - 1].text
    cost = _PAGE + _BAD_BREAK * (stop in breaker.bad_breaks)
    return cost + (_SENTENCE if ends_sentence(last) else _CLAUSE * ends_clause(last))


def _page_cost(words: Sequence[Word], first: int, stop: int) -> int:
    """Return the cost of a page of one word."""
    if stop - first > 1 or len(words) == 1:
        return 0
    if stop < len(words):
        return _SHORT
    return 0 if ends_sentence(words[first - 1].text) else _ORPHAN


def _possible_ends(
    words: Sequence[Word], first: int, limits: PageLimits, breaker: LineBreaker
) -> Iterator[tuple[int, int]]:
    """Yield the ends that a page from `first` on may have, and the cost of its length and lines.

    One word is always possible.
    """
    characters = 0
    lines = LineCounter(breaker, first)
    unbroken = LineCounter(breaker, first, breaker.bad_breaks)
    for stop in range(first + 1, min(len(words), first + (limits.max_words or _MAX_PAGE_WORDS)) + 1):
        word = words[stop - 1]
        characters += len(word.text) + (word.has_space and stop - 1 > first)
        lines.add(stop)
        if breaker.bad_breaks:
            unbroken.add(stop)
        if stop - first > 1 and (lines.count > limits.max_lines or characters > (limits.max_characters or characters)):
            return
        is_bad = unbroken.count > limits.max_lines
        yield stop, min(characters**2, _MAX_LENGTH_COST) + _BAD_BREAK * is_bad


def _time_pages(pages: Sequence[_Untimed], stops_ms: Sequence[int]) -> Iterator[Page]:
    """Yield the pages of one place with their times; none stays past one of the stops."""
    for page, following in zip(pages, [*pages[1:], None], strict=True):
        end_ms = max(page.last_ms + _LINGER_MS, page.start_ms + _MIN_PAGE_MS)
        if following and (following.start_ms - page.last_ms < _FLICKER_MS or end_ms > following.start_ms):
            end_ms = following.start_ms
        if not page.cue.words:
            # Estimated words fill their cue, which has the time that its author wanted.
            end_ms = min(end_ms, page.cue.end_ms)
        end_ms = min([end_ms, *(stop for stop in stops_ms if stop >= page.last_ms)])
        yield Page(page.start_ms, end_ms, page.lines, page.cue.place)
