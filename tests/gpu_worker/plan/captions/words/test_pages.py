"""Pages of words: where they break, their lines, and their times."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.media.info import BOTTOM, TOP, Cue, Word
from gpu_worker.plan.captions.words.pages import Page, PageLimits, paginate
from gpu_worker.plan.captions.words.timing import time_words
from gpu_worker.subtitles.spacing import join_words
from tests.support.captions import LANGUAGES, cues, timed_words

LIMITS = st.builds(PageLimits, st.integers(0, 8), st.sampled_from([0, 0, 10, 20, 80]), st.integers(1, 4))
ROOMS = st.sampled_from([1, 8, 14, 25, 60, 400])


def pages_of(*found: Cue, limits: PageLimits, room: float = 100, language: str | None = None) -> tuple[Page, ...]:
    return paginate([(cue, time_words(cue, language)) for cue in found], limits, len, room)


def texts_of(text: str, limits: PageLimits, room: float = 100, language: str | None = None) -> list[str]:
    """Return the pages of a cue that lasts 10 s, with `/` between lines."""
    pages = pages_of(Cue(0, 10_000, text), limits=limits, room=room, language=language)
    return ["/".join(map(join_words, page.lines)) for page in pages]


def spoken(*times: tuple[int, int]) -> Cue:
    words = tuple(Word(start, end, f"w{at}") for at, (start, end) in enumerate(times))
    return Cue(times[0][0], times[-1][1], join_words(words), words=words)


def times_of(*found: Cue, max_words: int = 1) -> list[tuple[int, int]]:
    return [(page.start_ms, page.end_ms) for page in pages_of(*found, limits=PageLimits(max_words))]


@pytest.mark.parametrize(
    ("text", "limits", "expected"),
    [
        # As few pages as possible, of about equal length.
        ("one two six four five ten nine", PageLimits(4, 0, 1), ["one two six four", "five ten nine"]),
        # Sentences end pages, then clauses.
        ("One two. Three four five six.", PageLimits(4, 0, 1), ["One two.", "Three four five six."]),
        ("One two, three four five six.", PageLimits(4, 0, 1), ["One two,", "three four five six."]),
        ("Ask Mr. Smith to go, dear friend.", PageLimits(5, 0, 1), ["Ask Mr. Smith to go,", "dear friend."]),
        # No orphan, unless a sentence ends before it.
        ("one two three", PageLimits(2, 0, 1), ["one", "two three"]),
        ("one two three four five", PageLimits(4, 0, 1), ["one two three", "four five"]),
        ("One two, three four. Yes!", PageLimits(4, 0, 1), ["One two, three four.", "Yes!"]),
        ("One two three. Four, five six seven", PageLimits(4, 0, 1), ["One two three.", "Four, five six seven"]),
        ("I know that. Yes!", PageLimits(3, 0, 1), ["I know that.", "Yes!"]),
        # Numbers keep their units, and brackets what they hold.
        ("run then 10 km today now", PageLimits(3, 0, 1), ["run then", "10 km", "today now"]),
        ("aaa bbbb ccc dd", PageLimits(0, 8, 1), ["aaa bbbb", "ccc dd"]),
        ("Die Straße ist schön", PageLimits(2, 0, 1), ["Die Straße", "ist schön"]),
    ],
)  # fmt: skip
def test_pages_break_where_a_reader_expects_it(text: str, limits: PageLimits, expected: list[str]) -> None:
    assert texts_of(text, limits) == expected


@pytest.mark.parametrize(
    ("text", "room", "language", "expected"),
    [
        ("the quick brown fox jumps", 18, "en", ["the quick/brown fox jumps"]),
        ("the quick brown fox jumps over the lazy dog", 18, "en", ["the quick/brown fox", "jumps over/the lazy dog"]),
        ("it is only 10 km from here", 14, "en", ["it is only", "10 km/from here"]),
        ("aaa 10 km bbb", 10, "en", ["aaa/10 km bbb"]),
        ("Donaudampfschifffahrt ist da", 10, "de", ["Donaudampfschifffahrt/ist da"]),
        ("مرحبا بالعالم، كيف الحال؟", 16, "ar", ["مرحبا بالعالم،/كيف الحال؟"]),
        ("שלום עולם, מה שלומך?", 11, "he", ["שלום עולם,/מה שלומך?"]),
        ("今日はとても天気です。私は元気です", 8, "ja", ["今日はとても/天気です。", "私は元気です"]),
        ("วันนี้อากาศดีมากครับ", 12, "th", ["วันนี้อากาศ/ดีมากครับ"]),
        ("so nice 😀 👨\u200d👩\u200d👧 day", 14, None, ["so/nice 😀 👨\u200d👩\u200d👧/day"]),
    ],
)
def test_lines_are_balanced_and_fit(text: str, room: int, language: str | None, expected: list[str]) -> None:
    limits = PageLimits(max_lines=3 if len(expected[0].split("/")) == 3 else 2)
    assert texts_of(text, limits, room, language) == expected


def test_a_pause_ends_a_page() -> None:
    assert times_of(spoken((0, 400), (1100, 1500), (2201, 2600)), max_words=0) == [(0, 1700), (2201, 2800)]


def test_a_page_stays_over_a_short_gap() -> None:
    assert times_of(spoken((0, 600), (899, 1500), (1800, 2400))) == [(0, 899), (899, 1700), (1800, 2600)]


def test_a_page_lasts_half_a_second_where_the_next_one_allows() -> None:
    assert times_of(spoken((0, 50), (500, 550), (950, 1000), (1250, 1300))) == [
        (0, 500), (500, 950), (950, 1250), (1250, 1750),
    ]  # fmt: skip


def test_estimated_pages_end_with_their_cue() -> None:
    found = Cue(0, 300, "Hi"), Cue(400, 1000, "there"), Cue(5000, 5600, "you")
    assert times_of(*found) == [(0, 300), (400, 1000), (5000, 5600)]


def test_no_page_stays_into_an_excluded_range() -> None:
    cue = spoken((0, 600))
    assert paginate([(cue, cue.words)], PageLimits(), len, 100, [(700, 900)])[0].end_ms == 700


def test_overlapping_cues_of_one_place_follow_each_other() -> None:
    pages = pages_of(Cue(0, 4000, "a b"), Cue(1000, 3000, "c"), Cue(1010, 3000, "d"), limits=PageLimits())
    assert [(page.start_ms, page.end_ms, join_words(page.words)) for page in pages] == [
        (0, 1000, "a b"),
        (1000, 3000, "c d"),
    ]


def test_cues_in_two_places_are_shown_at_once() -> None:
    pages = pages_of(Cue(0, 4000, "a", TOP), Cue(0, 3000, "b", BOTTOM), limits=PageLimits())
    assert [(page.place, page.start_ms, page.end_ms) for page in pages] == [(BOTTOM, 0, 3000), (TOP, 0, 4000)]


def check(pages: tuple[Page, ...], timed: list[tuple[Cue, tuple[Word, ...]]], limits: PageLimits, room: float) -> None:
    """Check what is true of all pages."""
    assert list(pages) == sorted(pages, key=lambda page: (page.start_ms, page.end_ms))
    for place in {cue.place for cue, _ in timed}:
        own = [page for page in pages if page.place == place]
        assert all(one.end_ms <= two.start_ms for one, two in pairwise(own))
        shown = [word.text for page in own for word in page.words]
        ordered = sorted(timed, key=lambda pair: pair[0].start_ms)
        assert shown == [word.text for cue, words in ordered if cue.place == place for word in words]
    for page in pages:
        words = page.words
        assert page.start_ms == words[0].start_ms < page.end_ms
        assert words[-1].end_ms <= page.end_ms
        assert all(one.start_ms < two.start_ms and one.end_ms <= two.start_ms for one, two in pairwise(words))
        assert all(two.start_ms - one.end_ms <= 700 for one, two in pairwise(words))
        assert 1 <= len(page.lines) <= limits.max_lines
        assert all(len(line) == 1 or len(join_words(line)) <= room for line in page.lines)
        if len(words) > 1:
            assert len(words) <= (limits.max_words or len(words))
            assert not limits.max_characters or len(join_words(words)) <= limits.max_characters


@settings(max_examples=100)
@given(cues(), LANGUAGES, LIMITS, ROOMS)
def test_pages_of_any_cues_hold_every_word_once(
    found: list[Cue], language: str | None, limits: PageLimits, room: float
) -> None:
    timed = [(cue, time_words(cue, language)) for cue in found]
    pages = paginate(timed, limits, len, room)
    check(pages, timed, limits, room)
    assert paginate(timed, limits, len, room) == pages
    ends = Counter(cue.end_ms for cue in found)
    overlaps = any(one.end_ms > two.start_ms for one, two in combinations(found, 2))
    if not overlaps:
        assert all(page.end_ms <= max(ends) for page in pages)
        for cue in found:
            assert {page.end_ms for page in pages} >= {cue.end_ms}


@settings(max_examples=100)
@given(timed_words(), LIMITS, ROOMS)
def test_pages_of_given_words_keep_their_times(words: tuple[Word, ...], limits: PageLimits, room: float) -> None:
    cue = Cue(words[0].start_ms, words[-1].end_ms, join_words(words), words=words)
    pages = paginate([(cue, words)], limits, len, room)
    check(pages, [(cue, words)], limits, room)
    assert [word for page in pages for word in page.words] == list(words)
    for page, following in zip(pages, [*pages[1:], None], strict=True):
        last = page.words[-1].end_ms
        if following and following.start_ms - last < 300:
            assert page.end_ms == following.start_ms
        else:
            least = max(last + 200, page.start_ms + 500)
            assert page.end_ms == (min(least, following.start_ms) if following else least)


@given(st.integers(2, 40), st.integers(2, 8))
def test_no_last_word_is_left_alone(count: int, max_words: int) -> None:
    sizes = [len(text.split()) for text in texts_of(" ".join(["word"] * count), PageLimits(max_words, 0, 1))]
    assert sizes[-1] > 1
    assert max(sizes) <= max_words
    assert len(sizes) == -(-count // max_words)
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.sampled_from(["a", "bbb", "ccccc", "ddddddddd"]), min_size=1, max_size=9), st.integers(1, 4))
def test_no_other_lines_are_narrower(parts: list[str], max_lines: int) -> None:
    """Compare the chosen lines with all possible ones of their number."""
    pages = pages_of(Cue(0, 60_000, " ".join(parts)), limits=PageLimits(max_lines=max_lines), room=14)
    for page in pages:
        words = page.words
        count = len(page.lines)
        splits = combinations(range(1, len(words)), count - 1)
        widths = [
            max(len(join_words(words[first:stop])) for first, stop in pairwise([0, *split, len(words)]))
            for split in splits
        ]
        assert max(len(join_words(line)) for line in page.lines) == min(widths)
