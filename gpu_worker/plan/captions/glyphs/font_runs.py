"""Choose a font family for each part of a text.

libass would search the host's fonts, not the shipped ones, for a character that a family lacks. A word is drawn in one
family: if the chosen one lacks a letter of it, the whole word is in another. One foreign letter looks like a mistake,
and Arabic letters join only within a family.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT, EMOJI_FONT
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI, script_of

HasGlyph = Callable[[str, str], bool]
"""Takes the name of a family and a character or an emoji, and returns True if the family has a glyph for it."""

Run = tuple[str, str | None]


def split_runs(text: str, families: Sequence[str], has_glyph: HasGlyph) -> tuple[Run, ...]:
    """Return the parts of the text, each with the first of the `families` that has its glyphs; None if none has.

    Marks and joiners stay with their letter, spaces and punctuation with the text before them where its family has
    them. The parts together are the text.
    """
    parts = _choose_families(text, families, has_glyph)
    return tuple(("".join(part for part, _ in run), family) for family, run in groupby(parts, key=lambda part: part[1]))


def _choose_families(text: str, families: Sequence[str], has_glyph: HasGlyph) -> Iterator[Run]:
    before: str | None = families[0]
    end = 0
    for emoji in EMOJI.finditer(text):
        for run in _choose_text_families(text[end : emoji.start()], before, families, has_glyph):
            before = run[1]
            yield run
        yield emoji[0], COLOR_EMOJI_FONT if has_glyph(COLOR_EMOJI_FONT, emoji[0]) else EMOJI_FONT
        end = emoji.end()
    yield from _choose_text_families(text[end:], before, families, has_glyph)


def _choose_text_families(text: str, before: str | None, families: Sequence[str], has_glyph: HasGlyph) -> Iterator[Run]:
    for unit in _split_units(text):
        order = [before, *families] if before and unicodedata.category(unit[0])[0] in "ZPC" else families
        whole = _find_family(unit, order, has_glyph)
        for part in [unit] if whole else _split_letters(unit):
            before = whole or _find_family(part, families, has_glyph) or _find_family(part[0], families, has_glyph)
            yield part, before


def _find_family(text: str, families: Sequence[str], has_glyph: HasGlyph) -> str | None:
    visible = [char for char in text if not _is_invisible(char)]
    return next((family for family in families if all(has_glyph(family, char) for char in visible)), None)


def _is_invisible(char: str) -> bool:
    """Return True for what needs no glyph: joiners, controls and variation selectors."""
    return (
        unicodedata.category(char) in {"Cf", "Cc"}
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )


def _split_units(text: str) -> Iterator[str]:
    """Split text into words of one script, with their digits and opening punctuation, and single other characters."""
    unit, script = "", None
    for char in text:
        current = _word_script(char)
        continues = current is not None and script is not None and (current == script or "" in {current, script})
        if unit and (continues or _is_attached(char)):
            unit += char
            script = script or (current if continues else script)
        else:
            if unit:
                yield unit
            unit, script = char, current
    if unit:
        yield unit


def _split_letters(word: str) -> Iterator[str]:
    """Split a word into letters, each with its marks."""
    letter = ""
    for char in word:
        if letter and not _is_attached(char):
            yield letter
            letter = ""
        letter += char
    yield letter


def _is_attached(char: str) -> bool:
    """Return True for marks, joiners and variation selectors, which belong to the character before them."""
    return unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf"}


@functools.lru_cache(maxsize=4096)
def _word_script(char: str) -> str | None:
    """Return the script of a character of a word, "" if it is part of words of any script; None if of no word."""
    category = unicodedata.category(char)
    if category[0] == "L":
        script = script_of(char)
        return "" if script == "symbols" else script
    return "" if category[0] == "N" or category in {"Ps", "Pi"} else None
