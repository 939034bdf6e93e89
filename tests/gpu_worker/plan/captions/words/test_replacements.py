"""Words that are drawn differently than they were given."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.options.captions import Replacement
from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.words.replacements import apply_replacements, replace_in_cues
from gpu_worker.plan.captions.words.timing import time_words
from gpu_worker.subtitles.spacing import join_words
from tests.support.captions import TEXTS


def rules(*pairs: tuple[str, str]) -> list[Replacement]:
    return [Replacement(find=find, replace=new) for find, new in pairs]


CASES = pytest.mark.parametrize(
    ("text", "pair", "expected"),
    [
        ("Damn, that DAMN (damn) dog!", ("damn", "d***"), "d***, that d*** (d***) dog!"),
        ("damnation is no damn-ation", ("damn", "x"), "damnation is no x-ation"),
        ("I love New York, new york!", ("new  york", "NYC"), "I love NYC, NYC!"),
        ("in New, York", ("new york", "NYC"), "in NYC"),
        ("well, damn, go", ("damn", ""), "well, go"),
        ("wait... damn you", ("damn you", ""), "wait..."),
        ("a, b", ("A,", "c"), "c, b"),
        ("Straße", ("straße", "Weg"), "Weg"),
        ("東京へ行きます", ("東京", "京都"), "京都へ行きます"),
        ("私は東京へ", ("東京", "京都"), "私は京都へ"),
        ("a damn-damn dog", ("damn", "x"), "a x-x dog"),
        ("C++ is c", ("C++", "Rust"), "Rust is c"),
        (r"path a", ("a", r"\1 \N {x} <i>"), "path \\1 \\\u2060N {x} <\u2060i>"),
        ("a", ("a", "b\n c\x07\ue000"), "b c"),
        ("nothing", ("...", "x"), "nothing"),
    ],
)


@CASES
def test_whole_words_are_replaced_and_signs_stay(text: str, pair: tuple[str, str], expected: str) -> None:
    words = apply_replacements(time_words(Cue(0, 9000, text)), rules(pair))
    assert join_words(words).replace("\u2060N", "N") == expected.replace("\u2060N", "N")


@CASES
def test_texts_are_replaced_like_words(text: str, pair: tuple[str, str], expected: str) -> None:
    assert replace_in_cues([Cue(0, 9000, text)], rules(pair))[0].text.replace("\u2060N", "N") == expected.replace(
        "\u2060N", "N"
    )


def test_several_words_become_one_with_their_time() -> None:
    words = (Word(0, 100, "in"), Word(150, 200, "New"), Word(250, 300, "York,"), Word(300, 400, "now"))
    assert apply_replacements(words, rules(("new york", "NYC"))) == (
        Word(0, 100, "in"),
        Word(150, 300, "NYC,"),
        Word(300, 400, "now"),
    )


def test_rules_apply_in_order() -> None:
    assert replace_in_cues([Cue(0, 1, "a")], rules(("a", "b"), ("b", "c")))[0].text == "c"


def test_markup_stays_and_empty_cues_are_dropped() -> None:
    cues = [Cue(0, 1, "<i>damn</i> it"), Cue(1, 2, "Damn!"), Cue(2, 3, "i <i>i</i>")]
    assert [cue.text for cue in replace_in_cues(cues, rules(("damn", ""), ("i", "you")))] == [
        "<i></i> it",
        "you <i>you</i>",
    ]


@settings(max_examples=80)
@given(
    TEXTS,
    st.lists(st.tuples(st.sampled_from(["a", "i", "hello", "lazy dog", "東京", ")", "km 10"]), TEXTS), max_size=3),
)
def test_any_replacement_keeps_words_in_order(text: str, pairs: list[tuple[str, str]]) -> None:
    words = apply_replacements(time_words(Cue(0, 9000, text)), rules(*((find, new[:80]) for find, new in pairs)))
    assert all(word.text == word.text.strip() != "" for word in words)
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(words))
    assert "\n" not in join_words(words)
