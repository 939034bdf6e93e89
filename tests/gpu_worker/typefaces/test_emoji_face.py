"""Sequences become one picture; what has none is drawn in one color."""

from __future__ import annotations

import re

import pytest

from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.typefaces.font_files import FontFiles

TYPEFACES = FontFiles(FONTS_DIRECTORY)
SEQUENCES = {
    "one": "😀", "skin tone": "👍🏽", "family": "👨‍👩‍👧", "flag": "🇩🇪", "flag of tags": "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "keycap": "1️⃣",
    "without selector": "👨\u200d❤\u200d👨", "with selector": "👨\u200d❤️\u200d👨", "profession": "👩🏿‍🚀", "sign": "©️",
}  # fmt: skip


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_is_one_picture(name: str) -> None:
    emoji = SEQUENCES[name]
    (picture,) = TYPEFACES.pictures(emoji)
    assert 1 <= len(picture.layers) <= 44
    assert all(re.fullmatch("#[0-9A-F]{6}", color) for _, color in picture.layers)
    assert TYPEFACES.runs(f"a {emoji}!", "Anton") == (("a ", "Anton"), (emoji, COLOR_EMOJI_FONT), ("!", "Anton"))
    assert TYPEFACES.width(emoji, "Anton", bold=True) == pytest.approx(TYPEFACES.width("😀", "Anton", bold=True))


def test_members_of_an_unknown_sequence_are_pictures_side_by_side() -> None:
    assert len(TYPEFACES.pictures("👍\u200d🎉")) == 2
    one, two = (TYPEFACES.width(text, "Anton", bold=True) for text in ("👍", "👍\u200d🎉"))
    assert two == pytest.approx(2 * one)


@pytest.mark.parametrize("text", ["☎", "☎\ufe0e", "⌚\ufe0e", "1", "#", "©", "™", "\U0001faff", "", "\ufe0f"])
def test_text_and_unknown_emoji_have_no_picture(text: str) -> None:
    assert not EMOJI.fullmatch(text) or TYPEFACES.pictures(text) == ()
    assert all(family != COLOR_EMOJI_FONT for _, family in TYPEFACES.runs(text, "Anton"))


def test_skin_tones_differ() -> None:
    plain, dark = (TYPEFACES.pictures(text)[0] for text in ("👍", "👍🏿"))
    assert {color for _, color in plain.layers} != {color for _, color in dark.layers}
