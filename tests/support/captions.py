"""Random cues, words and texts in many scripts, for property tests of captions."""

from __future__ import annotations

from hypothesis import strategies as st

from gpu_worker.media.info import BOTTOM, TOP, Cue, Word
from gpu_worker.subtitles.formats.blocks import Dialect
from gpu_worker.subtitles.markup.cue_text import clean_text, is_visible

LANGUAGES = st.sampled_from([None, "en", "de", "tr", "ja", "zh", "zh-Hant-TW", "th", "ko", "ar", "he", "x-klingon"])

_WORDS = st.sampled_from(
    [
        *("Hello", "a", "I", "world,", "lazy", "dog.", "Really?", "yes!", "10", "km", "000", "5,5", "(so", "called)"),
        *("Donaudampfschifffahrtsgesellschaftskapitän", "schöne", "Straße;", "–", "-", "…", "«Oui»", "!", "¿Qué?"),
        *(
            "今日はとても天気です。",
            "私はPythonが好き",
            "我们去公园玩吧，",
            "東京",
            "กรุงเทพมหานคร",
            "สวัสดีครับ",
            "자막은",
            "ភាសាខ្មែរ",
        ),
        *(
            "שלום",
            "עולם,",
            "مرحبا",
            "بالعالم؟",
            "😀",
            "👨\u200d👩\u200d👧",
            "🇩🇪",
            "1️⃣",
            "<i>",
            "</i>",
            "<",
            "i>",
            "{x}",
            "\\N",
            "e\u0301",
        ),
    ]
)
_LETTERS = st.text("กาำี่้แไครัน日本語の、が「」今天（），。", min_size=1, max_size=8)
_GLUE = st.sampled_from([" ", " ", " ", "", "\n", "\u200b"])
_RAW = st.lists(st.tuples(_WORDS | _LETTERS | st.text(max_size=4), _GLUE).map("".join), min_size=1, max_size=25).map(
    "".join
)
TEXTS = _RAW.map(lambda raw: clean_text(raw, Dialect.SRT)[0]).filter(is_visible)
"""Texts of cues, cleaned as the reader cleans them."""


@st.composite
def cues(draw: st.DrawFn, max_size: int = 6) -> list[Cue]:
    """Draw cues without given words; they may overlap, be in two places, and last from 1 ms to 20 s."""
    found = []
    at = 0
    for _ in range(draw(st.integers(1, max_size))):
        start = max(0, at + draw(st.sampled_from([-3000, -500, -50, 0, 0, 0, 1, 150, 400, 2000])))
        at = start + draw(st.sampled_from([1, 30, 59, 60, 61, 500, 1234, 3000, 20_000]))
        found.append(Cue(start, at, draw(TEXTS), draw(st.sampled_from([BOTTOM, BOTTOM, BOTTOM, TOP]))))
    return sorted(found, key=lambda cue: (cue.start_ms, cue.end_ms))


@st.composite
def timed_words(draw: st.DrawFn, max_size: int = 30) -> tuple[Word, ...]:
    """Draw words that follow each other, with pauses."""
    words: list[Word] = []
    at = 0
    texts = ["one", "two,", "three.", "a", "sentence", "ends?", "10", "km", "extraordinarily", "(now", "then)", "😀"]
    for _ in range(draw(st.integers(1, max_size))):
        start = at + draw(st.sampled_from([0, 0, 0, 20, 250, 290, 310, 699, 701, 3000]))
        at = start + draw(st.sampled_from([1, 40, 100, 250, 800]))
        words.append(Word(start, at, draw(st.sampled_from(texts))))
    return tuple(words)
