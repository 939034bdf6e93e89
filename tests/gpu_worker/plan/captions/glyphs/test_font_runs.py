"""Each part of a text gets a family that has its glyphs."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT, EMOJI_FONT
from gpu_worker.plan.captions.glyphs.font_runs import Run, split_runs
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI

# Narrow has no accents, Wide no Thai, Thai no letters of others.
GLYPHS = {
    "Narrow": re.compile(r"[A-Za-z0-9 .,!?'()-]"),
    "Wide": re.compile("[ -~\u00a0-\u024f\u0300-\u036f\u0400-\u04ff\u05d0-\u05ea\u0621-\u06ff\u2010-\u2027]"),
    "Thai": re.compile("[ .\u0e01-\u0e5b]"),
}


def has_glyph(family: str, char: str) -> bool:
    return char == "😀" if family == COLOR_EMOJI_FONT else bool(GLYPHS[family].fullmatch(char))


def split(text: str) -> tuple[Run, ...]:
    return split_runs(text, tuple(GLYPHS), has_glyph)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", []),
        ("Hello, you!", [("Hello, you!", "Narrow")]),
        ("Hello Łukasz, hi", [("Hello ", "Narrow"), ("Łukasz, ", "Wide"), ("hi", "Narrow")]),
        ("e\u0301 e", [("e\u0301 ", "Wide"), ("e", "Narrow")]),
        ("(Привет) 5", [("(Привет) ", "Wide"), ("5", "Narrow")]),
        ("helloПривет", [("hello", "Narrow"), ("Привет", "Wide")]),
        ("ไทย. ก", [("ไทย. ก", "Thai")]),
        ("ไทย! a", [("ไทย", "Thai"), ("! a", "Narrow")]),
        ("日本 a", [("日本", None), (" a", "Narrow")]),
        ("日ไ本", [("日", None), ("ไ", "Thai"), ("本", None)]),
        ("a 😀👍🏽 b", [("a ", "Narrow"), ("😀", COLOR_EMOJI_FONT), ("👍🏽", EMOJI_FONT), (" b", "Narrow")]),
        ("1️⃣1", [("1️⃣", EMOJI_FONT), ("1", "Narrow")]),
        ("سل\u200cام", [("سل\u200cام", "Wide")]),
        ("go\u200bne", [("go\u200bne", "Narrow")]),
    ],
)
def test_runs_have_the_first_family_with_their_glyphs(text: str, runs: list[Run]) -> None:
    assert list(split(text)) == runs


def test_unknown_letter_does_not_change_the_rest_of_its_word() -> None:
    assert split("ab\u1e9ecd") == (("ab", "Narrow"), ("\u1e9e", None), ("cd", "Narrow"))


_TEXTS = st.text(st.sampled_from("aé Щ,.(5-'\u0301\u200d\u200b\ufe0fไส้日\n♪€😀❤👍🏽1שs") | st.characters(codec="utf-8"))


@given(_TEXTS)
def test_runs_are_the_text_and_have_their_glyphs(text: str) -> None:
    runs = split(text)
    assert "".join(part for part, _ in runs) == text
    assert all(part for part, _ in runs)
    assert all(left[1] != right[1] for left, right in pairwise(runs))
    for part, family in runs:
        if family in {EMOJI_FONT, COLOR_EMOJI_FONT}:
            assert EMOJI.sub("", part) == ""
        elif family is not None:
            assert [char for char in part if not has_glyph(family, char) and not is_attached(char)] == []


def is_attached(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf", "Cc"}
