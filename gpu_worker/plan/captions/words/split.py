"""Split the text of a cue into the words that are shown and highlighted one after another.

Spaces separate words. Chinese, Japanese and Thai have none; budoux finds the phrases that a reader would not split.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator

import budoux

from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.subtitles.markup.cue_text import remove_tags
from gpu_worker.subtitles.spacing import UNSPACED, is_mark, needs_space

_MAX_JOINED = 40
"""Characters up to which lone signs and emoji join the word next to them."""
_BREAK = "\u200b"
_OPENING = {"Ps", "Pi"}
_CLOSING = {"Pe", "Pf", "Po"}
_OPENING_SIGNS = frozenset("¿¡\u201e\u201a")
_NOT_FIRST = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー〜々ゝゞヽヾ%\uff05")
_EMOJI_RUN = re.compile(f"((?:{EMOJI.pattern})+)")
_THAI = re.compile("[\u0e00-\u0e7f]")
_KANA = re.compile("[\u3041-\u30fa\uff66-\uff9f]")
_TRADITIONAL = re.compile(r"zh-(?:.*-)?(?:hant|tw|hk|mo)\b|yue\b", re.IGNORECASE)

_GEORGIAN = re.compile("[\u10d0-\u10ff]+")
"""Fonts lack the capitals that Unicode 11 added to Georgian; nobody writes headlines without them in another way."""
_TAG = re.compile(r"(</?[iu]>)")


def split_words(text: str, language: str | None = None) -> tuple[tuple[str, bool], ...]:
    """Return the words with their punctuation, without tags; each with True if a space is before it.

    A lone dash, sign or emoji is part of the word before it, or else of the word after it, including the space.
    """
    text = remove_tags(text)
    words: list[tuple[str, bool]] = []
    for line in text.split("\n"):
        pieces = _join_signs([piece for chunk in line.split() for piece in _split_chunk(chunk, text, language)])
        if pieces and words:
            pieces[0] = (pieces[0][0], needs_space(words[-1][0], pieces[0][0]))
        words += pieces
    return tuple(words)


def uppercase(text: str, language: str | None = None) -> str:
    """Return the text in capitals by the rules of the language; `<i>` and `<u>` stay."""
    return "".join(part if _TAG.fullmatch(part) else _raise_case(part, language) for part in _TAG.split(text))


def _raise_case(text: str, language: str | None) -> str:
    base = (language or "").partition("-")[0].lower()
    if base in {"tr", "az"}:
        text = text.replace("i", "İ")
    elif base == "lt":
        # Its small letters keep their dot below an accent; capitals have none.
        text = re.sub("(?<=[ijįIJĮ])\u0307", "", unicodedata.normalize("NFD", text).replace("i\u0328", "į"))
    parts = (part if _GEORGIAN.fullmatch(part) else part.upper() for part in re.split(f"({_GEORGIAN.pattern})", text))
    return unicodedata.normalize("NFC", "".join(parts))


def _split_chunk(chunk: str, text: str, language: str | None) -> Iterator[tuple[str, bool]]:
    """Yield the words between two spaces of `text`."""
    has_space = True
    for part in filter(None, chunk.split(_BREAK)):
        for word in _split_unspaced(part, text, language) if UNSPACED.search(part) else (part,):
            yield word, has_space
            has_space = False


def _split_unspaced(chunk: str, text: str, language: str | None) -> Iterator[str]:
    parse = _choose_parser(chunk, text, language)
    if parse is None:
        yield chunk
        return
    word = ""
    for at, part in enumerate(_EMOJI_RUN.split(chunk)):
        # Every second part is emoji, which stay with the word before.
        for piece in parse(part) if at % 2 == 0 else (part,):
            if word and at % 2 == 0 and _may_split(word, piece):
                yield word
                word = ""
            word += piece
    yield word


def _may_split(before: str, after: str) -> bool:
    last, first = before[-1], after[0]
    if is_mark(first) or last == "\u200d" or first in _NOT_FIRST or unicodedata.category(first) in _CLOSING:
        return False
    if is_opening(last) or not any(map(str.isalnum, before)):
        return False
    # Words and numbers of other scripts stay whole.
    return not (last.isalnum() and first.isalnum()) or bool(UNSPACED.match(last) or UNSPACED.match(first))


def is_opening(char: str) -> bool:
    """Return True for an opening bracket or quotation mark, which belongs to the word after it."""
    return unicodedata.category(char) in _OPENING or char in _OPENING_SIGNS


def is_closing(char: str) -> bool:
    """Return True for a sign that belongs to the word before it."""
    return unicodedata.category(char) in _CLOSING and char not in _OPENING_SIGNS


def _choose_parser(chunk: str, text: str, language: str | None) -> Callable[[str], list[str]] | None:
    """Return the splitter for a chunk's script. Ideographs alone may be Chinese or Japanese: `text` may tell."""
    if _THAI.search(chunk):
        return _load("th")
    base = (language or "").partition("-")[0].lower()
    if _KANA.search(text) or base == "ja":
        return _load("ja")
    if base == "ko" or not re.search("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]", chunk):
        return None
    if _TRADITIONAL.match(language or "") or (base != "zh" and _is_traditional(text)):
        return _load("zh-hant")
    return _load("zh-hans")


def _is_traditional(text: str) -> bool:
    """Return True if more letters are only in the traditional character set than only in the simplified one."""
    return len(text.encode("big5", "ignore")) > len(text.encode("gb2312", "ignore"))


@functools.cache
def _load(model: str) -> Callable[[str], list[str]]:
    loaders = {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
    }
    return loaders[model]().parse


def _join_signs(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Join what is no word of its own to the word before it, or else to the word after it."""
    joined: list[tuple[str, bool]] = []
    opening: tuple[str, bool] | None = None
    for text, has_space in pieces:
        word = (text, has_space)
        if opening:
            word = (opening[0] + (" " if has_space else "") + text, opening[1])
            opening = None
        if any(map(str.isalnum, word[0])) or len(word[0]) > _MAX_JOINED:
            joined.append(word)
        elif joined and not is_opening(text[-1]) and len(joined[-1][0]) + len(word[0]) < _MAX_JOINED:
            joined[-1] = (joined[-1][0] + (" " if word[1] else "") + word[0], joined[-1][1])
        else:
            opening = word
    return [*joined, opening] if opening else joined
