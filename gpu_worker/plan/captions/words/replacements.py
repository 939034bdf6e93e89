"""Draw other words than the ones that were given."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from contract.options.captions import Replacement
from gpu_worker.media.info import Cue, Word
from gpu_worker.subtitles.markup.cue_text import clean_literal, is_visible
from gpu_worker.subtitles.spacing import UNSPACED, join_words

_SIGNS = r"[^\w\s<>]{0,3}"
"""Signs between the words that a replacement finds: `New York` finds `New, York`, too."""
_TAG = re.compile(r"(</?[iu]>)")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    text: str


def apply_replacements(words: Sequence[Word], replacements: Iterable[Replacement]) -> tuple[Word, ...]:
    """Return the words, with those that a replacement finds, alone or in a row, replaced; earlier rules first.

    Case and punctuation around a word do not matter; punctuation stays. Several words become one with the time of all.
    An empty replacement removes the words with their punctuation.
    """
    found = tuple(words)
    for rule in _compile(replacements):
        found = tuple(_replace_words(found, rule))
    return found


def replace_in_cues(cues: Iterable[Cue], replacements: Sequence[Replacement]) -> tuple[Cue, ...]:
    """Return the cues with the replacements in their texts and words; cues of which nothing is left are dropped."""
    rules = _compile(replacements)
    replaced = (
        replace(cue, text=_replace_text(cue.text, rules), words=apply_replacements(cue.words, replacements))
        for cue in cues
    )
    return tuple(cue for cue in replaced if is_visible(cue.text))


def _compile(replacements: Iterable[Replacement]) -> list[_Rule]:
    return [
        _Rule(_pattern(parts), clean_literal(rule.replace))
        for rule in replacements
        if (parts := [part.strip(".,;:?!\"'()") for part in rule.find.split()]) and all(parts)
    ]


def _pattern(parts: Sequence[str]) -> re.Pattern[str]:
    # Scripts without spaces have no word boundaries that could be seen.
    before = "" if UNSPACED.match(parts[0]) or not _is_word(parts[0][0]) else r"(?<!\w)"
    after = "" if UNSPACED.match(parts[-1][-1]) or not _is_word(parts[-1][-1]) else r"(?!\w)"
    inner = rf"{_SIGNS}\s+{_SIGNS}".join(map(re.escape, parts))
    return re.compile(before + inner + after, re.IGNORECASE)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _replace_text(text: str, rules: Sequence[_Rule]) -> str:
    parts = (part if _TAG.fullmatch(part) else _replace_between_tags(part, rules) for part in _TAG.split(text))
    lines = (re.sub(" +", " ", line).strip(" ") for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _replace_between_tags(text: str, rules: Sequence[_Rule]) -> str:
    for rule in rules:
        if rule.text:
            text = rule.pattern.sub(rule.text.replace("\\", r"\\"), text)
        else:
            text = re.sub(f"{_SIGNS}{rule.pattern.pattern}{_SIGNS}", "", text, flags=re.IGNORECASE)
    return text


def _replace_words(words: Sequence[Word], rule: _Rule) -> Iterator[Word]:
    text = join_words(words)
    starts: list[int] = []
    at = 0
    for number, word in enumerate(words):
        at += bool(number and word.has_space)
        starts.append(at)
        at += len(word.text)
    kept = 0
    for found in _find_ranges(text, starts, rule):
        (first, stop), new = found
        yield from words[kept:first]
        kept = stop
        if new:
            yield replace(words[first], end_ms=words[stop - 1].end_ms, text=new)
    yield from words[kept:]


def _find_ranges(text: str, starts: Sequence[int], rule: _Rule) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the ranges of words that matches touch, and the text that replaces them."""
    ranges: list[tuple[int, int, list[re.Match[str]]]] = []
    for match in rule.pattern.finditer(text):
        first, stop = bisect_right(starts, match.start()) - 1, bisect_right(starts, match.end() - 1)
        if ranges and first < ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], stop, [*ranges[-1][2], match])
        else:
            ranges.append((first, stop, [match]))
    for first, stop, matches in ranges:
        end = starts[stop] if stop < len(starts) else len(text)
        whole = text[starts[first] : end].rstrip(" ")
        for match in reversed(matches):
            begin, last = match.start() - starts[first], match.end() - starts[first]
            whole = whole[:begin] + rule.text + whole[last:]
        whole = " ".join(whole.split())
        yield (first, stop), whole if rule.text or any(map(str.isalnum, whole)) else ""
