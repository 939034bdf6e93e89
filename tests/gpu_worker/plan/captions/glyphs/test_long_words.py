"""Words that are too long for a line are broken at characters, with a hyphen where their script has one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.plan.captions.glyphs.long_words import break_word, split_units


@pytest.mark.parametrize(
    ("word", "room", "parts"),
    [
        ("short", 10, ["short"]),
        ("Donaudampfschifffahrt", 12, ["Donaudampfs-", "chifffahrt"]),
        ("Rindfleisch-Etikettierung", 15, ["Rindfleisch-", "Etikettierung"]),
        ("достопримечательность", 12, ["достопримеч-", "ательность"]),
        ("ภูเขาอยู่ที่นี่", 8, ["ภูเขา", "อยู่", "ที่นี่"]),
        ("क्षत्रियक्षत्रिय", 9, ["क्षत्रिय", "क्षत्रिय"]),
        ("12345678901234567890", 12, ["1234567890", "1234567890"]),
        ("👨‍👩‍👧👨‍👩‍👧", 6, ["👨‍👩‍👧", "👨‍👩‍👧"]),
        ("ab", 0.5, ["a", "b"]),
    ],
)
def test_long_words_are_broken_evenly(word: str, room: float, parts: list[str]) -> None:
    assert break_word(word, room, len) == parts


@given(st.text(st.sampled_from("abcäйกิ👍🏽\u200d\u0301क्1-/<i>"), min_size=1, max_size=60), st.floats(1.5, 30))
def test_parts_are_the_word_and_fit(word: str, room: float) -> None:
    parts = break_word(word, room, len)
    kept = "".join(parts)
    assert kept.replace("-", "") == word.replace("-", "")
    assert all(len(part) <= room or len(split_units(part)) == 1 for part in parts)


def test_break_word_is_fast() -> None:
    assert len(break_word("a" * 2000, 10, len)) >= 200
