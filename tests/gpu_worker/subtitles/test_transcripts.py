"""Transcripts in JSON: words with times, phrases with times, and text without."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import Code
from contract.options.captions import CaptionOptions
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Cue, Word
from gpu_worker.subtitles import Subtitles, read_subtitles
from gpu_worker.subtitles.sentences import split_sentences
from gpu_worker.subtitles.spacing import join_words
from tests.support.captions import TEXTS


def read(value: Any, max_cues: int = 100) -> Subtitles:
    data = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return read_subtitles(data, "url_srt", max_cues)


def cues_of(value: Any) -> tuple[Cue, ...]:
    return read(value).cues or ()


def code_of(value: Any, max_cues: int = 100) -> Code:
    with pytest.raises(JobFailed) as failure:
        read(value, max_cues)
    return failure.value.failure.code


def spoken(text: str, *, length: float = 0.3, pause: float = 0.0) -> list[dict[str, Any]]:
    """Return the words of a text, one every `length` plus `pause` seconds."""
    step = length + pause
    return [
        {"word": word, "start": round(at * step, 3), "end": round(at * step + length, 3)}
        for at, word in enumerate(text.split())
    ]


HELLO = (Cue(200, 1000, "Hello world", words=(Word(200, 600, "Hello"), Word(700, 1000, "world"))),)


@pytest.mark.parametrize(
    "value",
    [
        {"words": [{"word": "Hello", "start": 0.2, "end": 0.6}, {"word": "world", "start": 0.7, "end": 1}]},
        [{"text": "Hello", "start": 200, "end": 600}, {"text": "world", "start": 700, "end": 1000}],
        {
            "text": "Hello world",
            "segments": [
                {"text": " Hello", "words": [{"word": " Hello", "start": 0.2, "end": 0.6}]},
                {"text": " world", "words": [{"word": " world", "start": 0.7, "end": 1.0, "probability": 0.9}]},
            ],
        },
        {"results": {"channels": [{"alternatives": [{"words": [
            {"word": "hello", "punctuated_word": "Hello", "start": 0.2, "end": 0.6},
            {"word": "world", "start": 0.7, "end": 1.0},
        ]}]}]}},
    ],
    ids=["words", "AssemblyAI", "Whisper", "Deepgram"],
)  # fmt: skip
def test_words_of_every_shape_become_cues(value: Any) -> None:
    assert read(value) == Subtitles(HELLO)
    assert read(b"\xef\xbb\xbf \n" + json.dumps(value, indent=1).encode()) == Subtitles(HELLO)


def test_inline_captions_reach_the_worker() -> None:
    words = CaptionOptions.model_validate({"words": spoken("Hello world")}).inline_captions()
    text = CaptionOptions(captions="Look at the mountains.\nThey are old").inline_captions()
    timed = CaptionOptions(captions="1\n00:00:00,000 --> 00:00:01,000\nHi").inline_captions()
    assert [cue.text for cue in cues_of(words)] == ["Hello world"]
    assert read(text) == Subtitles((), script=("Look at the mountains.", "They are old"))
    assert [cue.text for cue in cues_of(timed)] == ["Hi"]


def test_cues_end_at_sentences_and_pauses() -> None:
    words = spoken("Hello there. Dr. Who is the 3. one! 今日は。 明日 です", length=0.3)
    assert [cue.text for cue in cues_of({"words": words})] == [
        "Hello there.", "Dr. Who is the 3. one!", "今日は。", "明日です",
    ]  # fmt: skip
    words = [{"word": word, "start": at, "end": at + 0.2} for word, at in (("a", 0), ("b", 0.9), ("c", 1.801))]
    assert [cue.text for cue in cues_of({"words": words})] == ["a b", "c"]


def test_long_sentences_become_several_cues_at_commas() -> None:
    text = "one two three four five, six seven eight nine ten eleven twelve thirteen"
    assert [cue.text for cue in cues_of({"words": spoken(text)})] == [
        "one two three four five,",
        "six seven eight nine ten eleven twelve thirteen",
    ]


def test_signs_that_are_words_of_their_own_join_the_word_before() -> None:
    (cue,) = cues_of({"words": spoken("Well , yes !")})
    assert [(word.text, word.start_ms, word.end_ms) for word in cue.words] == [("Well,", 0, 600), ("yes!", 600, 1200)]
    assert all(len(word.text) <= 60 for cue in cues_of({"words": spoken("a" + " !" * 90)}) for word in cue.words)


def test_a_lone_mark_changes_no_word_before_it() -> None:
    assert cues_of({"words": spoken("か \u3099 か")})[0].text == "か \u3099か"


def test_words_are_cleaned_like_cues() -> None:
    (cue,) = cues_of({"words": spoken("<i>a</i> \x07b {c} \\ud800 <b>d</b> \x01", length=1.0)})
    assert cue.text == "a b {c} \\ud800 d"
    assert cues_of(b'{"words": [{"word": "x\\ud800", "start": 0, "end": 1}]}')[0].text == "x"


def test_an_entry_of_two_words_is_split() -> None:
    words = [*spoken("a b c"), {"word": "New York", "start": 1, "end": 2}]
    assert cues_of({"words": words})[0].words[-2:] == (Word(1000, 1428, "New"), Word(1428, 2000, "York"))


def test_phrases_become_cues_without_words() -> None:
    segments = [{"text": " Look at that.", "start": 0, "end": 2.5}, {"text": " It is", "start": 2.5, "end": 3.25}]
    assert cues_of({"segments": segments}) == (Cue(0, 2500, "Look at that."), Cue(2500, 3250, "It is"))


def test_text_becomes_sentences() -> None:
    assert read({"text": "One. Two?\n*three*\n\n“Four!” <i>five</i> 六。七"}).script == (
        "One.", "Two?", "three", "“Four!”", "five 六。", "七",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"words": spoken("a b")[::-1]}, Code.SUBTITLES_UNREADABLE),
        ({"words": [{"word": "a", "start": 90_000, "end": 90_001}]}, Code.SUBTITLES_UNREADABLE),
        ({"words": [{"word": "a", "start": float("nan"), "end": 1}]}, Code.SUBTITLES_UNREADABLE),
        ({"words": [{"word": "a", "start": 0, "end": float("inf")}]}, Code.SUBTITLES_UNREADABLE),
        ({"words": [{"word": "a", "start": 0, "end": 10**400}]}, Code.SUBTITLES_UNREADABLE),
        ({"error": "not found"}, Code.SUBTITLES_UNREADABLE),
        ({"text": 5}, Code.SUBTITLES_UNREADABLE),
        ({"words": [{"word": "\x07", "start": 0, "end": 1}]}, Code.SUBTITLES_EMPTY),
        ({"text": " \n\x07"}, Code.SUBTITLES_EMPTY),
        ({"text": ""}, Code.SUBTITLES_EMPTY),
        (b'{"words":' + b"[" * 200_000, Code.SUBTITLES_UNREADABLE),
        (b'{"words":' + b"[" * 900 + b"]" * 900 + b"}", Code.SUBTITLES_UNREADABLE),
        (b'{"segments":' * 900 + b"[]" + b"}" * 900, Code.SUBTITLES_UNREADABLE),
        (b'{"words":[{"word":"a","start":0,"end":' + b"9" * 10_000 + b"}]}", Code.SUBTITLES_UNREADABLE),
    ],
)
def test_unusable_json_is_refused(value: Any, code: Code) -> None:
    assert code_of(value) == code


def test_the_number_of_cues_is_limited() -> None:
    assert code_of({"words": spoken("Ab. Cd. Ef.")}, 2) == Code.SUBTITLES_TOO_MANY
    assert code_of({"text": "a\nb\nc"}, 2) == Code.SUBTITLES_TOO_MANY


_NUMBERS = st.integers(-1, 5) | st.floats(0, 4) | st.sampled_from([float("nan"), 1e308, 10**30, True, None, "1", 1e-9])
_ENTRIES = st.fixed_dictionaries(
    {}, optional={"word": TEXTS | st.text(max_size=5), "text": st.none() | TEXTS, "start": _NUMBERS, "end": _NUMBERS}
)
_LEAVES = _NUMBERS | st.text(max_size=5) | _ENTRIES | st.lists(_ENTRIES, max_size=3)
_KEYS = st.sampled_from(["words", "segments", "results", "channels", "alternatives", "text", "x"])
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)
_STEPS = st.tuples(st.text(max_size=3) | TEXTS, st.sampled_from([0, 0.0002, 0.5, 0.7001]), st.sampled_from([1e-5, 0.3]))


@settings(max_examples=150)
@given(_VALUES)
def test_no_json_raises_anything_but_job_failed(value: Any) -> None:
    with contextlib.suppress(JobFailed):
        found = read(value)
        assert found.cues or found.script


@settings(max_examples=100)
@given(st.lists(_STEPS, min_size=1, max_size=40))
def test_words_of_any_text_tile_their_cues(steps: list[tuple[str, float, float]]) -> None:
    at = 0.0
    words = []
    for text, pause, length in steps:
        words.append({"word": text[:200].strip() or "x", "start": at + pause, "end": at + pause + length})
        at += pause + length
    found = None
    with contextlib.suppress(JobFailed):
        found = cues_of({"words": words})
    for cue in found or ():
        assert cue.text == unicodedata.normalize("NFC", cue.text)
        assert 0 < len(cue.text) <= 2000
        if cue.words:
            assert cue.words[0].has_space
            assert cue.text == unicodedata.normalize("NFC", join_words(cue.words))
            assert (cue.start_ms, cue.end_ms) == (cue.words[0].start_ms, cue.words[-1].end_ms)
            assert all(word.start_ms < word.end_ms for word in cue.words)
            assert all(0 <= two.start_ms - one.end_ms <= 700 for one, two in pairwise(cue.words))
            assert len(cue.words) == 1 or (len(cue.words) <= 12 and len(cue.text) <= 80)
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(found or ()))


@given(TEXTS)
def test_sentences_keep_every_letter(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())
