"""Times of words and of scripts, and times without captions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.script import reading_time_ms, time_script, timed_cues
from gpu_worker.plan.captions.words.shares import group_evenly, share_time
from gpu_worker.plan.captions.words.split import split_words
from gpu_worker.plan.captions.words.timing import exclude_ranges, time_words, word_timing
from gpu_worker.subtitles.spacing import join_words
from tests.support.captions import LANGUAGES, TEXTS, cues

WEIGHTS = st.lists(st.integers(1, 50), min_size=1, max_size=40)


def words_of(cue: Cue) -> list[tuple[int, int, str]]:
    return [(word.start_ms, word.end_ms, word.text) for word in time_words(cue)]


def test_words_share_a_cue_by_letters_and_pauses() -> None:
    # Letters 2 + 4 + 2, and a pause of 2 and of 4 letters: 14 shares; none after the last word.
    assert words_of(Cue(0, 1400, "ab, abcd. ab!")) == [(0, 400, "ab,"), (400, 1200, "abcd."), (1200, 1400, "ab!")]


def test_given_times_are_kept() -> None:
    words = (Word(100, 200, "a"), Word(500, 600, "b"))
    cue = Cue(100, 600, "a b", words=words)
    assert time_words(cue, "en") == words
    assert word_timing([cue]) == "given"
    assert word_timing([cue, Cue(700, 800, "c")]) == "estimated"


def test_each_word_gets_60_ms_or_words_are_shown_together() -> None:
    assert words_of(Cue(0, 200, "a Donaudampfschiff b")) == [
        (0, 60, "a"),
        (60, 140, "Donaudampfschiff"),
        (140, 200, "b"),
    ]
    assert words_of(Cue(0, 130, "aa bb cc dd")) == [(0, 65, "aa bb"), (65, 130, "cc dd")]
    assert words_of(Cue(0, 30, "aa bb cc dd")) == [(0, 30, "aa bb cc dd")]
    assert words_of(Cue(0, 90, "東京 へ")) == [(0, 90, "東京 へ")]


@settings(max_examples=60)
@given(cues(max_size=2), LANGUAGES)
def test_estimated_words_tile_their_cue(found: list[Cue], language: str | None) -> None:
    for cue in found:
        words = time_words(cue, language)
        assert join_words(words) == join_words(
            Word(0, 1, text, space) for text, space in split_words(cue.text, language)
        )
        assert (words[0].start_ms, words[-1].end_ms) == (cue.start_ms, cue.end_ms)
        assert all(one.end_ms == two.start_ms for one, two in pairwise(words))
        assert all(word.end_ms - word.start_ms >= min(60, cue.end_ms - cue.start_ms) for word in words)
        assert time_words(cue, language) == words


@given(WEIGHTS, st.integers(0, 10_000), st.integers(1, 100_000), st.integers(0, 100))
def test_shares_are_exact_and_long_enough(weights: list[int], start: int, span: int, least: int) -> None:
    times = share_time(weights, start, start + span, least)
    assert len(times) == len(weights) + 1
    assert (times[0], times[-1]) == (start, start + span)
    assert times == sorted(times)
    if span >= least * len(weights):
        assert all(two - one >= least for one, two in pairwise(times))
    if least == 0:
        # Rounded from exact times, so that errors do not add up.
        done = 0
        for weight, time in zip(weights, times[1:], strict=True):
            done += weight
            assert abs(time - start - span * done / sum(weights)) <= 0.5001


@given(WEIGHTS, st.integers(1, 40))
def test_groups_cover_all_and_are_not_too_many(weights: list[int], count: int) -> None:
    ranges = group_evenly(weights, count)
    assert [at for first, stop in ranges for at in range(first, stop)] == list(range(len(weights)))
    assert 1 <= len(ranges) <= count


def test_a_script_shares_the_whole_time() -> None:
    assert time_script(["Ab.", "Abcdef"], 1200) == (Cue(0, 600, "Ab."), Cue(600, 1200, "Abcdef"))
    assert time_script([], 1000) == ()
    assert time_script(["Hi"], 0) == ()


def test_long_texts_of_a_script_are_split_at_commas_or_words() -> None:
    text = "They are old, and they have been there for many many years, long before people came and looked at them."
    assert [cue.text for cue in time_script([text], 9000)] == [
        "They are old, and they have been there for many many years,",
        "long before people came and looked at them.",
    ]
    assert "".join(cue.text for cue in time_script(["今日はとても天気です" * 9], 9000)) == "今日はとても天気です" * 9
    assert all(len(cue.text) <= 40 for cue in time_script(["今日はとても天気です" * 9], 9000))


@settings(max_examples=50)
@given(st.lists(TEXTS.map(lambda text: " ".join(text.split())), max_size=12), st.integers(1, 60_000))
def test_a_script_is_tiled_and_keeps_its_text(texts: list[str], end: int) -> None:
    found = time_script(texts, end)
    boundaries = [0, *(cue.end_ms for cue in found)]
    assert [cue.start_ms for cue in found] == boundaries[:-1]
    assert all(one < two for one, two in pairwise(boundaries))
    assert not texts or boundaries[-1] == end

    def letters(parts: list[str]) -> str:
        return "".join(char for part in parts for char in part if char.isalpha() and char not in "iu")

    assert letters([cue.text for cue in found]) == letters(texts)


def test_reading_time_is_at_least_a_second_per_text() -> None:
    assert reading_time_ms(["x" * 30, "Hi"]) == 3000
    assert reading_time_ms([]) == 0


TIMED = Cue(0, 1000, "a b c", words=(Word(0, 300, "a"), Word(300, 600, "b"), Word(600, 1000, "c")))


def test_excluded_ranges_drop_and_cut_cues() -> None:
    plain = [Cue(0, 1000, "one"), Cue(1000, 2000, "two"), Cue(2000, 4000, "three")]
    assert exclude_ranges(plain, [(500, 2500), (3000, 3100)]) == (
        Cue(0, 500, "one"),
        Cue(2500, 3000, "three"),
        Cue(3100, 4000, "three"),
    )
    assert exclude_ranges(plain, []) == tuple(plain)
    assert exclude_ranges([Cue(0, 1000, "x")], [(30, 980)]) == ()


def test_excluded_words_are_dropped_with_their_text() -> None:
    assert exclude_ranges([TIMED], [(250, 650)]) == (
        Cue(0, 250, "a", words=(Word(0, 250, "a"),)),
        Cue(650, 1000, "c", words=(Word(650, 1000, "c"),)),
    )
    assert exclude_ranges([TIMED], [(0, 300)])[0].text == "b c"


@given(cues(), st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 4000)), max_size=4))
def test_nothing_is_shown_in_an_excluded_range(found: list[Cue], lengths: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in lengths]
    timed = [Cue(cue.start_ms, cue.end_ms, cue.text, cue.place, time_words(cue)) for cue in found]
    for cue in exclude_ranges(timed, ranges):
        assert cue.start_ms < cue.end_ms
        assert not any(max(start, cue.start_ms) < min(end, cue.end_ms) for start, end in ranges)
        assert cue.words
        assert all(cue.start_ms <= word.start_ms < word.end_ms <= cue.end_ms for word in cue.words)
        assert all(one.end_ms <= two.start_ms for one, two in pairwise(cue.words))


def test_language_of_a_script_reaches_its_splitting() -> None:
    """Ideographs alone are split as Chinese unless the language says that they are Japanese."""
    script = ("今日東京特許許可局前広場集合時間厳守願上候" * 3,)
    chinese, japanese = (timed_cues(None, script, Fraction(20), language) for language in (None, "ja"))
    assert chinese
    assert japanese
    assert "".join(cue.text for cue in chinese) == "".join(cue.text for cue in japanese) == script[0]
    assert [cue.text for cue in chinese] != [cue.text for cue in japanese]
