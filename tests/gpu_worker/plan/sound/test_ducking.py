"""The level of music under speech, without rendering anything."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from itertools import pairwise

import pytest

from contract.options.sound.music import Ducking
from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.sound.ducking import join_spans, spans_of_cues, write_envelope

DUCKING = Ducking(amount_db=10, attack=0.2, release=0.5)


def levels(*spans: tuple[float, float], ducking: Ducking = DUCKING, seconds: int = 6) -> array[float]:
    """Return the level in dB, a thousand a second."""
    return array("f", (20 * math.log10(gain) for gain in array("f", write_envelope(spans, ducking, Fraction(seconds)))))


def test_ramps_end_at_the_first_syllable_and_begin_after_a_hold() -> None:
    found = levels((2, 3))
    assert len(found) == 6001
    assert set(found[:1801]) == {0.0}
    assert found[1900] == pytest.approx(-5, abs=1e-3)
    assert list(found[2000:3201]) == pytest.approx([-10] * 1201, abs=1e-3)
    assert found[3450] == pytest.approx(-5, abs=1e-3)
    assert set(found[3700:]) == {0.0}


@pytest.mark.parametrize(("start", "level"), [(3.84, -10), (3.9, -9.2)])
def test_music_stays_quiet_in_short_pauses(start: float, level: float) -> None:
    found = levels((2, 3), (start, 4.5))
    assert max(found[2000:4700]) == pytest.approx(level, abs=0.05) if level == -10 else max(found[2000:4700]) > level


def test_ramp_that_has_not_ended_turns_back_where_the_next_one_begins() -> None:
    found = levels((1, 2), (2.9, 4), ducking=Ducking(amount_db=12, attack=0.3, release=2))
    steps = [abs(after - before) for before, after in pairwise(found)]
    assert max(steps) == pytest.approx(12 / 300, abs=1e-3)
    assert max(found[1000:4200]) == pytest.approx(-8.35, abs=0.05)


def test_speech_at_the_edges_is_cut_and_no_ducking_changes_nothing() -> None:
    found = levels((0, 1), (5.5, 9))
    assert (found[0], found[-1]) == (pytest.approx(-10, abs=1e-3), pytest.approx(-10, abs=1e-3))
    assert set(levels((1, 2), ducking=Ducking(amount_db=0))) == {0.0}
    assert set(levels()) == {0.0}


def test_words_are_more_exact_than_cues() -> None:
    words = (Word(1200, 1500, "a"), Word(1500, 1800, "b"))
    assert spans_of_cues([Cue(1000, 2000, "a b", words=words), Cue(3000, 4000, "c")]) == (
        (1.2, 1.5),
        (1.5, 1.8),
        (3.0, 4.0),
    )


def test_spans_in_any_order_are_joined_over_short_pauses() -> None:
    assert join_spans([(5, 6), (1, 2), (2.5, 3), (1.2, 1.4)]) == [(1, 3), (5, 6)]
