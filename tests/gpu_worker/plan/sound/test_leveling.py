"""How a gain and a limit follow from measurements."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gpu_worker.plan.model import Leveling
from gpu_worker.plan.sound.leveling import Measured, Setting, encode_step

GOAL = Leveling((), Fraction(4), -14.0, -1.0, "sound.m4a", ("-c:a", "aac"))
FIRST = Setting.first(Measured(-20.0, -8.0), GOAL)


def test_first_setting_reaches_the_loudness_and_leaves_room_for_the_codec() -> None:
    assert (FIRST.gain_db, FIRST.limit_db) == (6.0, pytest.approx(-1.7))
    assert not FIRST.limits(Measured(-20.0, -8.0))
    assert FIRST.limits(Measured(-20.0, -7.5))


def test_correction_adds_what_is_missing_and_lowers_only_peaks_that_are_too_high() -> None:
    better = FIRST.correct(Measured(-14.5, -1.2), -14.0, -1.0)
    assert (better.gain_db, better.limit_db) == (6.5, FIRST.limit_db)
    lower = FIRST.correct(Measured(-14.0, -0.4), -14.0, -1.0)
    assert (lower.gain_db, lower.limit_db) == (6.0, pytest.approx(FIRST.limit_db - 0.7))


def test_attenuation_changes_both_alike() -> None:
    quieter = FIRST.attenuate(0.5)
    assert FIRST.gain_db - quieter.gain_db == pytest.approx(FIRST.limit_db - quieter.limit_db) == pytest.approx(0.6)


def test_sound_is_limited_only_where_it_must_be() -> None:
    plain, limited = (" ".join(encode_step(GOAL, FIRST, is_limited=it).args) for it in (False, True))
    assert "alimiter" not in plain
    assert "aresample=192000,alimiter=limit=0.822243" in limited
    assert "volume=6.000dB" in plain
    assert "volume" not in " ".join(encode_step(GOAL, None, is_limited=False).args)
