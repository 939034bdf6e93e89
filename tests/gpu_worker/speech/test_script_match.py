"""Scripts timed by what was recognized."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.words.timing import MIN_WORD_MS
from gpu_worker.speech.words.script_match import match_script

_SCRIPT = ("Look at the mountains.", "They are 40 million years old, and grow still!")


def _heard(text: str, first_ms: int = 1000) -> list[Word]:
    return [Word(first_ms + 300 * at, first_ms + 300 * at + 250, word) for at, word in enumerate(text.split())]


def test_words_of_the_script_take_the_times_of_those_heard() -> None:
    cues = match_script(_SCRIPT, _heard("look at the Mountains they are forty million years old and grow still"), "en")
    assert cues is not None
    assert [cue.text for cue in cues] == [*_SCRIPT]
    words = [word for cue in cues for word in cue.words]
    assert [word.start_ms for word in words if word.text != "40"] == [1000 + 300 * at for at in range(13) if at != 6]
    assert words[6] == Word(2750, 3100, "40")


def test_words_that_were_not_heard_share_the_time_between() -> None:
    cues = match_script(("one two three four five six",), _heard("one two five six", 0), "en")
    assert cues is not None
    words = cues[0].words
    assert [word.text for word in words] == ["one", "two", "three", "four", "five", "six"]
    assert (words[1].start_ms, words[4].start_ms) == (300, 670)


def test_another_text_is_no_match() -> None:
    assert match_script(_SCRIPT, _heard("nothing of this is in there at all today"), "en") is None
    assert match_script(_SCRIPT, [], "en") is None
    assert match_script((), _heard("hello"), "en") is None


def test_scripts_without_spaces_match_by_character() -> None:
    heard = [Word(0, 400, "今日"), Word(400, 700, "は", False), Word(700, 1500, "天気", False)]
    cues = match_script(("今日は天気がいいですね。",), [*heard, Word(1500, 2000, "いい", False)], "ja")
    assert cues is not None
    assert cues[0].text == "今日は天気がいいですね。"


_WORDS = st.sampled_from(["the", "The", "cat,", "sat.", "on", "mat", "—", "40", "café"])


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=9).map(" ".join), max_size=4), st.lists(_WORDS, max_size=30))
def test_matched_scripts_keep_their_words_in_order_of_time(script: list[str], heard: list[str]) -> None:
    cues = match_script(script, _heard(" ".join(heard)), None)
    if cues is None:
        return
    words = [word for cue in cues for word in cue.words]
    assert "".join(word.text for word in words).replace(" ", "") == "".join(script).replace(" ", "")
    assert all(before.end_ms <= word.start_ms for before, word in pairwise(words))
    assert all(word.end_ms - word.start_ms >= MIN_WORD_MS for word in words)
    assert words[0].start_ms >= 1000
    assert words[-1].end_ms <= 1000 + 300 * len(heard)
