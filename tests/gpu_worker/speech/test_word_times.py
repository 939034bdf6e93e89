"""Repair of recognized words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS
from gpu_worker.speech.words.limits import MAX_WORD_MS
from gpu_worker.speech.words.word_times import HeardWord, repair_words, tile
from gpu_worker.subtitles.spacing import join_words

_TIMES = st.floats(-5, 40) | st.sampled_from([float("nan"), float("inf"), -float("inf"), 0.0, 1e9])
_TEXTS = st.sampled_from(
    [" Hello", " world", ",", ".", " -", "%", " 50", "-year", "你", "好", " ไทย", " ", "", " ¿", "é"]
) | (st.text(max_size=80))
_HEARD = st.lists(st.builds(HeardWord, _TIMES, _TIMES, _TEXTS, st.floats()), max_size=40)


@pytest.mark.fault("G18")
@given(_HEARD, st.integers(0, 30_000))
def test_any_words_become_ordered_words_with_the_same_text(heard: list[HeardWord], length_ms: int) -> None:
    words = [spoken.word for spoken in repair_words(heard, length_ms)]
    assert all(0 <= word.start_ms < word.end_ms <= length_ms for word in words)
    assert all(before.end_ms <= word.start_ms for before, word in pairwise(words))
    expected = "".join(word.text for word in heard if word.text.strip()) if length_ms else ""
    assert "".join(join_words(words).split()) == "".join(expected.split())
    if words and length_ms >= MIN_WORD_MS:
        assert min(word.end_ms - word.start_ms for word in words) >= MIN_WORD_MS
        assert max(word.end_ms - word.start_ms for word in words) <= max(MAX_WORD_MS, length_ms // len(words))
    assert all(0 <= spoken.probability <= 1 for spoken in repair_words(heard, length_ms))


@given(st.lists(st.tuples(st.integers(-99, 9999), st.integers(-99, 9999)), min_size=1, max_size=30), st.integers(0, 99))
def test_spans_without_overlaps_and_of_full_length_stay(spans: list[tuple[int, int]], first_ms: int) -> None:
    last_ms = first_ms + 60 * len(spans) + 200
    tiled = tile(spans, first_ms, last_ms)
    assert tile(tiled, first_ms, last_ms) == tiled
    assert all(first_ms <= start and end - start >= MIN_WORD_MS and end <= last_ms for start, end in tiled)


def _repair(*heard: tuple[float, float, str], seconds: float = 60) -> list[Word]:
    return [spoken.word for spoken in repair_words((HeardWord(*word) for word in heard), int(seconds * 1000))]


def test_word_after_silence_starts_when_it_is_spoken() -> None:
    assert _repair((2.0, 12.0, " Hello"), (12.0, 12.4, " again")) == [
        Word(10_800, 12_000, "Hello"),
        Word(12_000, 12_400, "again"),
    ]


def test_signs_and_numbers_stay_with_their_words() -> None:
    words = _repair((0, 1, " It"), (1, 2, " costs"), (2, 3, " $4"), (3, 3.2, ".50"), (3.2, 3.4, "%"), (3.4, 3.5, " -"))
    assert [word.text for word in words] == ["It", "costs", "$4.50% -"]


def test_scripts_without_spaces_keep_their_words_apart() -> None:
    words = _repair((0, 1, "你好"), (1, 2, "世界"), (2, 2.1, "。"))
    assert [(word.text, word.has_space) for word in words] == [("你好", False), ("世界。", False)]


def test_words_share_a_sound_that_is_too_short_for_them() -> None:
    words = _repair(*((0, 9, f" w{number}") for number in range(10)), seconds=0.2)
    assert [(word.start_ms, word.end_ms) for word in words] == [(0, 60), (60, 120), (120, 200)]
    assert join_words(words) == " ".join(f"w{number}" for number in range(10))
