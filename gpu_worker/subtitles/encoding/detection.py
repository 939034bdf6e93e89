"""Detect the encoding of text older than UTF-8 by the language in which it makes sense.

Each encoding is tried with each language written in it. The score adds the likelihood of the letters in that language,
its common words, and a penalty for what is rare in any language (mixed scripts within a word, capitals after lowercase
letters, symbols inside words). Letter frequencies follow from their order by Gusein-Zade's law.
charset-normalizer 3.5 decodes 24 of our 44 test files of three lines correctly, this module all 44.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from functools import cache
from typing import NamedTuple

from gpu_worker.subtitles.encoding.languages import CHINESE, HANGUL, KANJI, LANGUAGES, Language

NAMES = {
    "cp1252": "Windows-1252",
    "iso8859_15": "ISO-8859-15",
    "mac_roman": "Mac Roman",
    "cp850": "DOS 850",
    "cp1250": "Windows-1250",
    "iso8859_2": "ISO-8859-2",
    "cp852": "DOS 852",
    "cp1254": "Windows-1254",
    "cp857": "DOS 857",
    "cp1257": "Windows-1257",
    "cp1258": "Windows-1258",
    "cp1253": "Windows-1253",
    "iso8859_7": "ISO-8859-7",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1251": "Windows-1251",
    "koi8_u": "KOI8-R",
    "cp866": "DOS 866",
    "cp874": "Windows-874",
    "cp932": "Shift_JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "EUC-KR",
}
"""Encodings of subtitle files, and the names that users know."""

_RARITY = {"iso8859_15": 3, "mac_roman": 4, "cp850": 9, "iso8859_2": 2, "cp852": 6, "cp857": 9, "iso8859_7": 2}
"""The logarithm of how much rarer than the usual ones an encoding is. Windows wrote nearly all files."""
_RARITY |= {"cp1250": 1, "cp1254": 1, "cp1257": 2, "cp1258": 2, "koi8_u": 2, "cp866": 4, "cp874": 1, "euc_jp": 2}
_CERTAINTY = 6.0
"""The logarithm of how much likelier than the second the best reading must be to be certain."""

# Natural logarithms of likelihoods.
_FOREIGN_LETTER, _RARE_LETTER, _SYMBOL, _RARE_SYMBOL, _BROKEN = -11.0, -9.0, -5.5, -9.0, -20.0
_WORD, _CAPITAL, _CAPITAL_WITHIN, _MIXED, _SYMBOL_WITHIN = 2.0, -1.0, -4.0, -6.0, -4.0

_OPENING = frozenset("«»„“”‘‚‹›…–—¡¿♪\xa0")
_SYMBOLS = frozenset("€£§°ºª·•©®™´¨½×؟،؛")
_MARKUP = re.compile(r"\{[^{}]{0,300}\}|<[^<>]{0,300}>|\\[Nnh]|^Dialogue:(?:[^,\n]{0,80},){9}", re.MULTILINE)
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


class Guess(NamedTuple):
    encoding: str
    is_certain: bool


def guess_encoding(sample: bytes) -> Guess:
    """Return the likeliest encoding of a sample of a few kilobytes that is not pure ASCII."""
    texts = {encoding: _MARKUP.sub(" ", sample.decode(encoding, "replace")) for encoding in NAMES}
    ranked = sorted(
        ((_score_text(text, encoding) - _RARITY.get(encoding, 0), encoding) for encoding, text in texts.items()),
        key=lambda found: -found[0],
    )
    best, encoding = ranked[0]
    others = (likelihood for likelihood, other in ranked[1:] if texts[other] != texts[encoding])
    return Guess(encoding, best - next(others, -math.inf) > _CERTAINTY)


def _score_text(text: str, encoding: str) -> float:
    if encoding in _CJK:
        return _score_cjk(text, encoding)
    lowered = text.replace("İ", "i").lower()
    letters = Counter(char for char in lowered if _is_letter(char))
    words = Counter(_WORDS.findall(unicodedata.normalize("NFC", lowered)))
    return _score_form(text) + max(
        sum(table.get(char, _RARE_LETTER if char.isascii() else _FOREIGN_LETTER) * n for char, n in letters.items())
        + sum(_WORD * n for word, n in words.items() if word in known)
        for table, known in _build_models(encoding)
    )


@cache
def _build_models(encoding: str) -> list[tuple[dict[str, float], frozenset[str]]]:
    return [_build_model(language) for language in LANGUAGES if encoding in language.encodings]


@cache
def _build_model(language: Language) -> tuple[dict[str, float], frozenset[str]]:
    count = len(language.letters)
    table = {letter: math.log(math.log((count + 1) / rank) / count) for rank, letter in enumerate(language.letters, 1)}
    if not language.letters[0].isascii():
        # Names and brands, as in East Asian text.
        table |= dict.fromkeys(string.ascii_lowercase, _LATIN)
    return table, frozenset(unicodedata.normalize("NFC", word) for word in language.words.split())


def _score_form(text: str) -> float:
    """Score what holds for any alphabet: symbols, capitals, and neighbors within a word."""
    kinds = text.translate({ord(char): _classify_char(char) for char in set(text)})
    return (
        (kinds.count("o") + kinds.count("s")) * _SYMBOL
        + kinds.count("x") * _RARE_SYMBOL
        + kinds.count("b") * _BROKEN
        + (kinds.count("u") + kinds.count("U")) * _CAPITAL
        + len(re.findall("l(?=u)|L(?=U)", kinds)) * _CAPITAL_WITHIN
        + len(re.findall("[ul](?=[UL])|[UL](?=[ul])", kinds)) * _MIXED
        + len(re.findall("[ulUL](?=[osxb]+[ulUL])|[sx](?=[ulUL])", kinds)) * _SYMBOL_WITHIN
    )


@cache
def _is_letter(char: str) -> bool:
    """Return True for letters, also for vowel signs and accents that are separate characters."""
    return unicodedata.category(char)[0] in "LM"


@cache
def _classify_char(char: str) -> str:
    """Return u or l for Latin letters (upper or lowercase), U or L for others; o, s, x or b for symbols.

    o may open a word, s is usual, x is rare, b is undecodable.
    """
    if _is_letter(char):
        latin = char < "\u0370" or "\u1e00" <= char < "\u1f00"
        return ("u" if latin else "U") if char.isupper() else ("l" if latin else "L")
    if char == "\ufffd" or (unicodedata.category(char) in {"Cc", "Co", "Cn"} and char not in "\t\n\r"):
        return "b"
    if char.isascii() or char == "’":
        return "."
    if char in _OPENING:
        return "o"
    return "s" if char in _SYMBOLS else "x"


# Likelihood per character: usual ones, others of the standard's first level, the rest.
_CJK = {
    "gb18030": ("gb2312", CHINESE, 0xD8),
    "big5": ("big5", CHINESE, 0xC9),
    "cp932": ("cp932", KANJI, 0x98),
    "euc_jp": ("cp932", KANJI, 0x98),
    "cp949": ("euc_kr", HANGUL, 0xC9),
}
_USUAL, _FIRST_LEVEL, _OTHER, _OUTSIDE = math.log(1 / 250), math.log(1 / 4000), math.log(1 / 60000), -14.0
_HIRAGANA, _KATAKANA, _LATIN, _PUNCTUATION = math.log(1 / 80), math.log(1 / 250), math.log(1 / 25), math.log(1 / 40)
_LATIN_ADJACENT = -5.0
_ADJACENT_LATIN = re.compile(r"[A-Za-z](?=[^\x00-\x7f])|[^\x00-\x7f](?=[A-Za-z])")


def _score_cjk(text: str, encoding: str) -> float:
    return len(_ADJACENT_LATIN.findall(text)) * _LATIN_ADJACENT + sum(
        _score_cjk_character(char, encoding) * n for char, n in Counter(text).items()
    )


@cache
def _score_cjk_character(char: str, encoding: str) -> float:
    standard, usual, second_level = _CJK[encoding]
    if char.isascii():
        return (_LATIN + _CAPITAL * char.isupper()) if char.isalpha() else 0.0
    if char in "、。，！？「」『』・…：；（）～ー《》　":
        return _PUNCTUATION
    if char in usual:
        return _USUAL
    if standard == "cp932" and "\u3041" <= char <= "\u30fe":
        return _HIRAGANA if char < "\u30a0" else _KATAKANA
    try:
        code = char.encode(standard)
    except UnicodeEncodeError:
        return _BROKEN if char == "\ufffd" else _OUTSIDE
    if len(code) != 2 or not unicodedata.category(char).startswith("Lo"):
        return _OTHER
    # Shift_JIS has kanji from 0x88 on, the others from 0xB0 or, for Big5, 0xA4.
    return _FIRST_LEVEL if code[0] < second_level else _OTHER
