"""Words that would make their page small are broken; the parts share the word's time."""

from __future__ import annotations

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.words.long_words import break_long_words


def test_words_that_nearly_fit_stay_whole() -> None:
    words = (Word(0, 400, "a" * 14), Word(400, 800, "b" * 15, has_space=False))
    broken = break_long_words(words, len, 10)
    assert broken[0] == words[0]
    assert [(word.text, word.start_ms, word.end_ms, word.has_space) for word in broken[1:]] == [
        ("b" * 8 + "-", 400, 613, False), ("b" * 7, 613, 800, False),
    ]  # fmt: skip


def test_a_word_without_time_for_its_parts_stays_whole() -> None:
    words = (Word(0, 2, "a" * 40),)
    assert break_long_words(words, len, 10) == words


def test_a_space_in_a_broken_word_is_between_its_parts() -> None:
    broken = break_long_words((Word(0, 900, "abcd 😀😀😀😀😀"),), len, 6)
    assert [(word.text, word.has_space) for word in broken] == [("abcd", True), ("😀😀😀😀😀", True)]
