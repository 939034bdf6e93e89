"""Join words as their script is written: with spaces, or without in Chinese, Japanese, Thai and their neighbors."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gpu_worker.media.info import Word

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\uaa60-\uaadf"
    "\u3005-\u3007\u3021-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
"""Letters of scripts without spaces between words: Thai, Lao, Burmese, Khmer, kana and ideographs, not Hangul."""
_EAST_ASIAN_SIGN = re.compile("[\u3001-\u3004\u3008-\u3020\u30fb\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff65]")


def needs_space(before: str, after: str) -> bool:
    """Return True if a space belongs between two words that were given apart."""
    last, first = before[-1:], after[:1]
    if is_mark(first or " "):
        # Without the space, it would change the word before.
        return True
    if _EAST_ASIAN_SIGN.match(last) or _EAST_ASIAN_SIGN.match(first):
        return False
    # Behind a mark, the letter that carries it counts.
    letter = next((char for char in reversed(before) if not is_mark(char)), "")
    return not ((UNSPACED.match(last) or UNSPACED.match(letter)) and UNSPACED.match(first))


def is_mark(char: str) -> bool:
    """Return True for a character that belongs to the one before: a combining mark, a joiner, a selector."""
    return unicodedata.category(char) in {"Mn", "Mc", "Me"} or char == "\u200d"


def join_words(words: Iterable[Word]) -> str:
    """Return the text of words that follow each other in one line."""
    return "".join(f" {word.text}" if at and word.has_space else word.text for at, word in enumerate(words))
