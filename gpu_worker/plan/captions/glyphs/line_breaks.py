"""Fit a caption into the picture: choose where its lines may break, and its size.

libass breaks lines at spaces only, and lets text that does not fit run over the edges of the picture. So break
opportunities are inserted into long lines, and long captions are made smaller, both by estimated widths; libass then
lays out the lines by the real widths. The margins absorb the error of the estimate.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from itertools import pairwise

from gpu_worker.plan.captions.glyphs.long_words import TAG, Measure, break_word, split_units

BREAK = "\u200b"
"""A break opportunity without width: Unicode's zero width space."""

_NARROW, _WIDE = frozenset("ijltfrIJ.,:;!|'()[] "), frozenset("mwMW@%&")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
"""Hangul is as wide as ideographs, but written with spaces."""
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]")
_NOT_FIRST = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶー〜々ゝゞヽヾ" + BREAK)
"""Small kana, iteration marks and length marks must not begin a line, in addition to closing punctuation."""
_MIN_PERCENT = 15
_SAFETY_FACTOR = 1.06


def fit_text(text: str, room: tuple[float, float], measure: Measure | None = None) -> tuple[str, int]:
    """Return the text with break opportunities, and the percentage of the normal size at which it fits.

    `room` is the available width and height, in units of the normal line height; `measure` returns widths in the same
    unit.
    """
    measure = measure or measure_width
    width, height = room
    lines = text.split("\n")
    widths = [measure(line) * _SAFETY_FACTOR for line in lines]
    percent = next(
        p for p in range(100, 0, -5) if p <= _MIN_PERCENT or _count_lines(widths, width, p) * p <= height * 100
    )
    widest = width * 100 / percent
    return "\n".join(_insert_breaks(line, widest, measure) if has > widest else line
                     for line, has in zip(lines, widths, strict=True)), percent  # fmt: skip


def _count_lines(widths: list[float], width: float, percent: int) -> int:
    return sum(max(1, math.ceil(line * percent / (width * 100))) for line in widths)


def _insert_breaks(line: str, width: float, measure: Measure) -> str:
    return " ".join(BREAK.join(_split_word(word, width, measure)) for word in line.split(" "))


def _split_word(word: str, width: float, measure: Measure) -> list[str]:
    """Split a word into unbreakable parts: the whole word, or the characters of a script written without spaces."""
    if measure(word) <= width and not any(map(_is_ideographic, word)):
        return [word]
    segments = [""]
    units = split_units(word)
    for left, right in pairwise(("", *units)):
        if left and _may_break(left, right):
            segments.append("")
        segments[-1] += right
    # Break a word that is wider than the picture anywhere, rather than cut it off at both ends.
    return [
        part
        for segment in segments
        for part in (_break(segment, width, measure) if measure(segment) > width else [segment])
    ]


def _break(segment: str, width: float, measure: Measure) -> list[str]:
    return break_word(segment, width / _SAFETY_FACTOR, measure)


def _may_break(left: str, right: str) -> bool:
    last, first = TAG.sub("", left)[-1:], TAG.sub("", right)[:1]
    if not last or not first or last == BREAK or first in _NOT_FIRST:
        return False
    if unicodedata.category(last) in {"Ps", "Pi"} or unicodedata.category(first) in {"Pe", "Pf", "Po"}:
        return False
    return any(map(_is_ideographic, left + right))


@functools.lru_cache(maxsize=4096)
def _is_ideographic(char: str) -> bool:
    return bool(_FLAGS.match(char)) or (unicodedata.east_asian_width(char) in "WF" and not _HANGUL.match(char))


def measure_width(line: str) -> float:
    """Return the estimated width of a line without its tags, in units of the line height."""
    return sum(map(_char_width, strip_tags(line)))


def strip_tags(text: str) -> str:
    """Return the text without `<i>` and `<u>`."""
    return TAG.sub("", text)


def split_tags(text: str) -> list[str]:
    """Split text at `<i>` and `<u>`; the tags are parts, too."""
    return re.split(f"({TAG.pattern})", text)


def is_tag(text: str) -> bool:
    """Return True for one `<i>` or `<u>`, or the end of one."""
    return TAG.fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def _char_width(char: str) -> float:
    """Return the width in units of the line height, measured in DejaVu Sans Bold, Noto Emoji and Noto Sans CJK."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.08 if char >= "\U0001f000" else 0.7
    if char in _NARROW:
        return 0.35
    if char in _WIDE:
        return 0.9
    return 0.68 if char.isupper() else 0.58
