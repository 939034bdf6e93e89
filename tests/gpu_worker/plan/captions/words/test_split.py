"""Words of a cue: where they are split, and their capitals."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings

from gpu_worker.media.info import Word
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.plan.captions.words.split import is_closing, is_opening, split_words, uppercase
from gpu_worker.subtitles.markup.cue_text import remove_tags
from gpu_worker.subtitles.spacing import is_mark, join_words
from tests.support.captions import LANGUAGES, TEXTS


def split(text: str, language: str | None = None) -> str:
    """Return the words with `_` where a space is before one, and `|` where none is."""
    marks = "".join(f"{'_' if space else '|'}{word}" for word, space in split_words(text, language))
    return marks[1:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, <i>brave</i> new world!", "Hello,_brave_new_world!"),
        ("first line\nsecond", "first_line_second"),
        ("Wait – what? A well-known - er - man", "Wait –_what?_A_well-known -_er -_man"),
        ("- Who?\n- You!", "- Who?_- You!"),
        ("Bonjour ! « Oui » ( nein )", "Bonjour !_« Oui »_( nein )"),
        ("¿ Qué ?", "¿ Qué ?"),
        ("Größe: 5 km", "Größe:_5_km"),
        ("nice 😀 👨\u200d👩\u200d👧 day😀", "nice 😀 👨\u200d👩\u200d👧_day😀"),
        ("😀 Hi", "😀 Hi"),
        ("שלום עולם, מה שלומך?", "שלום_עולם,_מה_שלומך?"),
        ("مرحبا بالعالم، كيف الحال؟", "مرحبا_بالعالم،_كيف_الحال؟"),
        ("한국어 자막은 띄어쓰기로", "한국어_자막은_띄어쓰기로"),
        ("今日はとても天気です。\n私はPythonが好き😀です", "今日は|とても|天気です。|私は|Pythonが|好き😀|です"),
        ("我很高兴🎉🎉谢谢👨\u200d👩\u200d👧你", "我|很|高兴🎉🎉|谢谢👨\u200d👩\u200d👧|你"),
        ("「🎉谢谢」", "「🎉谢谢」"),
        ("«東京»へ 行きます", "«東京»へ_行きます"),
        ("วันนี้อากาศดีมาก ครับ", "วัน|นี้|อากาศ|ดี|มาก_ครับ"),
        ("ភាសា\u200bខ្មែរ", "ភាសា|ខ្មែរ"),
        ("x" * 60, "x" * 60),
        ("<<i>i>x", "<\u2060i>x"),
    ],
)
def test_words_are_split_with_their_signs(text: str, expected: str) -> None:
    assert split(text) == expected


def test_ideographs_are_split_by_language_or_characters() -> None:
    assert split("今天是晴天，我们去公园玩吧。", "zh") == "今天|是|晴天，|我们|去|公园|玩吧。"
    assert split("我們在臺灣學習國語") == split("我們在臺灣學習國語", "zh-TW") == "我們|在|臺灣|學習|國語"
    assert split("東京都", "ja") == "東京都"
    assert split("大韓民國萬歲", "ko") == "大韓民國萬歲"


@settings(max_examples=150)
@given(TEXTS, LANGUAGES)
@example("が（ \u0e48", None)
def test_no_character_is_lost_and_no_emoji_is_split(text: str, language: str | None) -> None:
    words = split_words(text, language)
    joined = join_words(Word(0, 1, word, space) for word, space in words)
    plain = remove_tags(text)
    without_breaks = plain.replace("\u200b", "")
    assert joined.replace(" ", "") == "".join(without_breaks.split())
    assert all(word.strip() == word != "" for word, _ in words)
    if not {"\n", "\u200b"} & set(plain):
        for (before, _), (after, has_space) in pairwise(words):
            assert has_space or not (is_opening(before[-1]) or is_closing(after[0]) or is_mark(after[0]))
    # Where the text has spaces, they stay.
    if "\u200b" not in plain:
        lines = joined.split() if "\n" in plain else [" ".join(joined.split())]
        assert "".join(lines) == ("".join(plain.split()) if "\n" in plain else " ".join(plain.split()))
        assert [found for word, _ in words for found in EMOJI.findall(word)] == [
            found for line in plain.split("\n") for found in EMOJI.findall(line)
        ]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("istanbul ısı", "tr", "İSTANBUL ISI"),
        ("bakı iş", "az-Latn-AZ", "BAKI İŞ"),
        ("istanbul", "en", "ISTANBUL"),
        ("i\u0307\u0301 j\u0307 į\u0307", "lt", "Í J Į"),
        ("<i>Straße</i> ﬁn", "de", "<i>STRASSE</i> FIN"),
        ("привет, мир", None, "ПРИВЕТ, МИР"),
        ("თბილისი", "ka", "თბილისი"),
        ("日本 ok", "ja", "日本 OK"),
    ],
)
def test_capitals_follow_the_language(text: str, language: str | None, expected: str) -> None:
    assert uppercase(text, language) == expected
