"""Find the ends of sentences and clauses, split text into sentences, and long sentences into parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

SENTENCE_SIGNS, CLAUSE_SIGNS = ".?!\u2026。？！｡؟۔।॥։።", ",;:\u060c\u061b、，；：､"

_CLOSING = "\"'\u2019\u201d\u00bb\u203a)\\]}」』）】》〉"
_SENTENCE_END = re.compile(f"[{SENTENCE_SIGNS}][{_CLOSING}]*$")
_CLAUSE_END = re.compile(f"[{CLAUSE_SIGNS}][{_CLOSING}]*$")
_EAST_ASIAN_END = re.compile(f"(?<=[。？！｡])(?![。？！｡{_CLOSING}])")
_NO_END = re.compile(
    r"\W*(?:\d{1,4}|[^\W\d_](?:\.[^\W\d_])*|mrs?|ms|dr|prof|st|jr|sr|vs|no|nr|etc|bzw|ca|sra?|mme|mlle)\.",
    re.IGNORECASE,
)
"""Ordinals, initials and abbreviations: their period does not end a sentence."""
_PICTURES = re.compile("[\\s\u2190-\u2bff\u200d\ufe0f\U0001f000-\U0001faff]+$")

_CLAUSE_BONUS = 20
"""Characters that the end of a clause may lie further from the middle than another break."""


def ends_sentence(text: str) -> bool:
    """Return True if a sentence ends with this word or text."""
    text = _PICTURES.sub("", text)
    last = text.rpartition(" ")[2]
    return bool(_SENTENCE_END.search(last)) and not _NO_END.fullmatch(last)


def ends_clause(text: str) -> bool:
    """Return True if the text ends with a comma, a semicolon or a colon."""
    return bool(_CLAUSE_END.search(_PICTURES.sub("", text)))


def split_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; a line break ends one, too."""
    found: list[str] = []
    for line in text.split("\n"):
        sentence: list[str] = []
        for token in line.split():
            *whole, rest = _EAST_ASIAN_END.split(token)
            for part in whole:
                found.append(" ".join([*sentence, part]))
                sentence = []
            if rest:
                sentence.append(rest)
            if rest and ends_sentence(rest):
                found.append(" ".join(sentence))
                sentence = []
        if sentence:
            found.append(" ".join(sentence))
    return tuple(found)


def split_evenly(texts: Sequence[str], max_words: int, max_characters: int) -> list[tuple[int, int]]:
    """Return ranges of words, each within both limits, or one word: halves of halves, preferably at commas."""
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text) + 1)
    ready: list[tuple[int, int]] = []
    waiting = [(0, len(texts))] if texts else []
    while waiting:
        first, stop = waiting.pop()
        if stop - first == 1 or (stop - first <= max_words and ends[stop] - ends[first] - 1 <= max_characters):
            ready.append((first, stop))
            continue
        middle = ends[first] + ends[stop]
        at = min(
            range(first + 1, stop),
            key=lambda at: abs(2 * ends[at] - middle) - 2 * _CLAUSE_BONUS * ends_clause(texts[at - 1]),
        )
        waiting += [(at, stop), (first, at)]
    return ready
