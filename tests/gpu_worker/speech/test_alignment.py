"""Times of given words: windows, the model's pieces, and which times are trusted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS
from gpu_worker.speech.pauses import find_pauses, move_starts
from gpu_worker.speech.words.aligned_cues import FoundTimes, accept
from gpu_worker.speech.words.windows import MAX_TOKENS, WINDOW_MS, pack_windows, spread_pieces, window_of

_CUE = Cue(1000, 3000, "Hello there,\n<i>big</i> world")


@given(st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 40_000), st.integers(1, 500)), max_size=30))
def test_windows_hold_every_cue_that_fits_into_one(cues: list[tuple[int, int, int]]) -> None:
    spans = sorted((start, start + length) for start, length, _ in cues)
    sizes = [size for *_, size in cues]
    ranges = pack_windows(spans, sizes)
    assert all(first < stop for first, stop in ranges)
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))
    covered = {at for first, stop in ranges for at in range(first, stop)}
    assert covered == {
        at
        for at, ((start, end), size) in enumerate(zip(spans, sizes, strict=True))
        if end - start <= WINDOW_MS - 1000 and size <= MAX_TOKENS
    }
    for first, stop in ranges:
        start_ms, end_ms = window_of(spans[first:stop], 200_000)
        assert end_ms - start_ms <= WINDOW_MS
        assert sum(sizes[first:stop]) <= MAX_TOKENS


@given(st.text("ab é", min_size=1, max_size=30), st.data())
def test_words_get_times_from_pieces_of_any_size(text: str, data: st.DataObject) -> None:
    words = [(word, True) for word in text.split()]
    full = "".join(f" {word}" for word, _ in words)
    cuts = sorted({0, len(full), *data.draw(st.lists(st.integers(0, len(full)), max_size=9))})
    pieces = [(full[a:b], float(a), float(b), 0.5) for a, b in pairwise(cuts)]
    times = spread_pieces(pieces, words)
    if not words:
        assert times is None
        return
    assert times is not None
    assert all(first[0] <= first[1] <= after[0] + 1.001 for first, after in pairwise(times))
    assert all(before[0] < after[0] for before, after in pairwise(times))


def test_pieces_of_another_text_are_refused() -> None:
    assert spread_pieces([(" Hello", 0, 1, 0.9)], [("Hallo", True)]) is None


def _found(*starts: int, probability: float = 0.8) -> FoundTimes:
    return FoundTimes(tuple((start, start + 200) for start in starts), probability)


def test_credible_times_become_the_words_of_a_cue() -> None:
    aligned = accept([_CUE], [_found(900, 1500, 2100, 2600)], "en")
    assert (aligned.aligned, aligned.spoken) == (1, 1)
    assert aligned.cues[0].words == (
        Word(1000, 1100, "Hello"),
        Word(1500, 1700, "there,"),
        Word(2100, 2300, "big"),
        Word(2600, 2800, "world"),
    )
    assert aligned.cues[0].text == _CUE.text


@pytest.mark.parametrize(
    "found",
    [
        None,
        _found(1000, 1500, 2100),
        _found(1000, 1500, 1500, 2600),
        _found(300, 400, 2100, 2600),
        _found(1000, 1500, 3550, 3600),
        _found(1000, 1500, 2100, 2600, probability=0.3),
    ],
)
def test_other_times_leave_a_cue_as_it_is(found: FoundTimes | None) -> None:
    aligned = accept([_CUE], [found], "en")
    assert aligned.cues == (_CUE,)
    assert (aligned.aligned, aligned.spoken) == (0, 1)


@given(
    st.lists(st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)), max_size=6),
    st.floats(0, 1),
    st.integers(1, 4000),
)
def test_words_never_leave_their_cue_or_overlap(
    spans: list[tuple[int, int]], probability: float, length_ms: int
) -> None:
    cue = Cue(500, 500 + length_ms, "one two three four")
    (aligned,) = accept([cue], [FoundTimes(tuple(spans), probability)], None).cues
    edges = [500, *(time for word in aligned.words for time in (word.start_ms, word.end_ms)), 500 + length_ms]
    assert edges == sorted(edges)
    assert all(word.end_ms - word.start_ms >= MIN_WORD_MS for word in aligned.words)
    assert " ".join(word.text for word in aligned.words) in {"", cue.text}


def test_cues_with_words_or_without_text_are_not_counted() -> None:
    given_words = Cue(0, 900, "Hi", words=(Word(0, 900, "Hi"),))
    aligned = accept([given_words, Cue(0, 900, "<i></i>")], [None, None], None)
    assert (aligned.aligned, aligned.spoken) == (0, 0)


def _bursts(*starts: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    sound = np.zeros(16_000 * 4, np.float32)
    for start in starts:
        at = int(start * 16_000)
        sound[at : at + 4800] = 0.5
    return sound


def test_pauses_are_silences_that_are_not_inside_a_word() -> None:
    assert find_pauses(_bursts(0.5, 0.82, 2.0)) == [(-1.0, 0.5), (pytest.approx(1.12), 2.0)]
    assert find_pauses(np.zeros(0, np.float32)) == find_pauses(np.zeros(999, np.float32)) == []


def test_words_that_start_in_a_pause_start_after_it() -> None:
    spans = [(0.3, 0.7), (0.7, 1.1), (1.05, 3.9)]
    assert move_starts(spans, ["a", "b", "c"], [(-1.0, 0.5), (1.12, 2.0)]) == [(0.5, 0.7), (0.7, 1.1), (2.0, 3.2)]


@pytest.mark.parametrize("lag", [-0.2, -0.06, 0.0, 0.1])
def test_lag_of_a_model_is_found_and_removed(lag: float) -> None:
    # Words of 0.3 s, with pauses of 0.08 to 0.3 s: the model lets each begin when the one before ends.
    lengths = [0.08, 0.1, 0.3, 0.2, 0.09, 0.15, 0.12, 0.25]
    onsets = [1 + 0.3 * at + sum(lengths[:at]) for at in range(len(lengths) + 1)]
    ends = [onset + 0.3 for onset in onsets]
    pauses = [(-1.0, 1.0), *zip(ends, onsets[1:], strict=False)]
    spans = [(start + lag, end + lag) for start, end in zip([1.0, *ends[:-1]], ends, strict=True)]
    moved = move_starts(spans, ["word"] * len(spans), pauses)
    assert [start for start, _ in moved] == pytest.approx(onsets, abs=0.001)


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 2)), max_size=30),
    st.lists(st.floats(0, 30), max_size=40, unique=True),
)
def test_moved_starts_keep_their_order(words: list[tuple[float, float]], edges: list[float]) -> None:
    spans = [(start, start + length) for start, length in sorted(words)]
    ordered = sorted(edges)
    pauses = [(-1.0, 0.0), *zip(ordered[::2], ordered[1::2], strict=False)]
    moved = move_starts(spans, ["word"] * len(spans), pauses)
    assert len(moved) == len(spans)
    assert all(before[0] <= after[0] for before, after in pairwise(moved))
