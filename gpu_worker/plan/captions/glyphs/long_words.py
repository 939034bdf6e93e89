"""Split text into characters that must not be broken, and words that are too long for a line into parts."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence

from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI, script_of

TAG = re.compile(r"</?[iu]>")
_UNIT = re.compile(f"{TAG.pattern}|{EMOJI.pattern}|.", re.DOTALL)
_VIRAMA = 9
"""The combining class of the sign that joins a consonant to the next."""
_HYPHENATED = frozenset({"Latin", "Cyrillic", "Greek", "Armenian", "Georgian"})
_BREAK_AFTER = frozenset(" -\u2010\u2013/_")
HYPHEN = "-"

Measure = Callable[[str], float]
"""Returns the width of a line. Tags have none."""


def split_units(text: str) -> list[str]:
    """Split text into characters with their marks, whole emoji, and tags with what follows them."""
    units: list[str] = []
    for unit in _UNIT.findall(text):
        if units and (_is_joined(unit) or units[-1].endswith(("<i>", "<u>")) or _joins_next(units[-1])):
            units[-1] += unit
        else:
            units.append(unit)
    return units


def _is_joined(unit: str) -> bool:
    return unicodedata.category(unit[0])[0] in "MC" or unit.startswith("</")


def _joins_next(unit: str) -> bool:
    return unicodedata.combining(unit[-1]) == _VIRAMA


def break_word(word: str, room: float, measure: Measure) -> list[str]:
    """Return the word in parts of about equal width that fit into the room, with hyphens where its script has them.

    No two parts that follow each other fit into one line. A unit that is wider than the room is a part.
    """
    units = split_units(word)
    widths = [measure(unit) for unit in units]
    count = max(1, math.ceil(sum(widths) / room))
    while count < len(units):
        parts = _divide(units, widths, count)
        if all(measure(part) <= room for part in parts):
            return parts
        # Hyphens and kerning take room, too; long words get many parts at once.
        count += max(1, count // 16)
    return units


def _divide(units: Sequence[str], widths: Sequence[float], count: int) -> list[str]:
    """Return `count` parts at most."""
    target = sum(widths) / count
    parts: list[str] = []
    first, width = 0, 0.0
    for at, unit in enumerate(units):
        last = len(parts) == count - 1
        is_full = width + widths[at] / 2 > target or (width > target * 2 / 3 and units[at - 1] in _BREAK_AFTER)
        if at > first and not last and is_full:
            parts.append("".join(units[first:at]) + _hyphen(units[at - 1], unit))
            first, width = at, 0.0
        width += widths[at]
    return [*parts, "".join(units[first:])]


def _hyphen(before: str, after: str) -> str:
    """Return the hyphen between two units; none between signs, numbers, and in scripts without hyphens."""
    letters = TAG.sub("", before)[:1], TAG.sub("", after)[:1]
    return HYPHEN if all(letter.isalpha() and script_of(letter) in _HYPHENATED for letter in letters) else ""
