"""The times at which the pictures of a slideshow begin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.media.info import Cue
from gpu_worker.plan.still.slide_times import frame_starts, slide_starts


def cues(*texts: tuple[float, float, str]) -> tuple[Cue, ...]:
    return tuple(Cue(round(start * 1000), round(end * 1000), text) for start, end, text in texts)


@pytest.mark.parametrize(
    ("durations", "length", "starts"),
    [
        ((None, None, None), None, [0, 4, 8, 12]),
        ((2, None), None, [0, 2, 6]),
        ((None, None, None), 9, [0, 3, 6, 9]),
        ((1, None, None), 9, [0, 1, 5, 9]),
        ((3, 2), 4, [0, 3, 5]),
        ((3, 2), 11, [0, 3, 11]),
        ((8, None), 3, [0, 8, 8.1]),
    ],
    ids=[
        "no sound",
        "partly stated",
        "shared",
        "rest is shared",
        "stated outlasts the narration",
        "last one stays until the narration ends",
        "nothing left to share",
    ],
)
def test_pictures_share_the_time(durations: Sequence[float | None], length: float | None, starts: list[float]) -> None:
    assert slide_starts(durations, length) == pytest.approx(starts)


def test_pictures_change_where_sentences_end() -> None:
    spoken = cues(
        (0, 2.5, "This is the first,"), (2.5, 4.2, "it ends here."), (4.3, 7.4, "The second one!”"), (8, 9, "x")
    )
    assert slide_starts([None] * 3, 9.0, spoken) == pytest.approx([0, 4.2, 7.4, 9])


def test_caption_ends_serve_where_no_sentence_ends_nearby() -> None:
    spoken = cues((0, 3.4, "no full stop"), (3.4, 6.1, "and none here"), (6.1, 9, "at the end."))
    assert slide_starts([None] * 3, 9.0, spoken) == pytest.approx([0, 3.4, 6.1, 9])


def test_stated_durations_are_kept_whatever_the_captions_say() -> None:
    assert slide_starts([2, 3], 5.0, cues((0, 1.6, "One."), (1.7, 5, "Two."))) == [0, 2, 5]


def test_frames_are_those_of_the_times() -> None:
    assert frame_starts([0, 1.01, 2.0], 30) == ([0, 30], 60)
    assert frame_starts([0, 0.001, 0.002], 30) == ([0, 1], 2)


@given(
    st.lists(st.none() | st.floats(0.1, 300), min_size=1, max_size=30),
    st.none() | st.floats(0.02, 900),
    st.lists(st.tuples(st.integers(0, 900_000), st.sampled_from(["a", "b."])), max_size=20),
    st.sampled_from([1, 24, 29.97, 60]),
)
def test_every_picture_has_its_frames(
    durations: list[float | None], length: float | None, ends: list[tuple[int, str]], rate: float
) -> None:
    spoken = [Cue(0, end, text) for end, text in sorted(ends)]
    starts = slide_starts(durations, length, spoken)
    assert len(starts) == len(durations) + 1
    assert all(before < after for before, after in pairwise(starts))
    frames, total = frame_starts(starts, rate)
    assert frames[0] == 0
    assert all(before < after for before, after in pairwise([*frames, total]))
    if length is not None:
        assert starts[-1] >= length
