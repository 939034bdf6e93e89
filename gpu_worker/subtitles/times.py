"""Time lines of SRT, WebVTT and their relatives, in every spelling that people and programs give them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST_HOURS = 99
# Marks of direction and width that editors and messengers leave around times.
_GAP = r"[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,9}"
# Machine translation puts spaces into times, and other scripts have other colons and commas.
_COLON = rf"{_GAP}[:\uff1a\ufe55\u2236]{_GAP}"
_POINT = rf"{_GAP}[,.:;'\u2019\u060c\u066b\uff0c\uff0e\uff1a]{_GAP}"
_CLOCK = rf"([-\u2212]?)(?:(\d{{1,4}}){_COLON})?(\d{{1,2}}){_COLON}(\d{{1,2}})(?:{_POINT}(\d{{1,9}}))?(?!\d)"
# Typesetting turns the arrow's hyphens into dashes, translation splits it, HTML escapes it.
_HYPHENS = r"(?:[-\u2010-\u2015\u2212\uff0d=~_][ \t]?)"
_ARROWHEAD = r"(?:>|&gt;|\uff1e|\u203a|\u00bb)"
_OTHER_ARROW = r"(?:[\u2192\u21d2\u2794\u279c\u27f6\u25ba]|&rarr;)"
_LONG_ARROW = rf"{_HYPHENS}{{0,4}}(?:{_ARROWHEAD}{{1,3}}|{_OTHER_ARROW})"
# What word processors, Markdown, HTML and log lines put in front: brackets, a tag, the cue's number.
_BEFORE = r"[\s\[({*_>#|\"'`\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,40}"
_TAGS = r"(?:<[^<>\s]{1,20}>\s{0,9}){0,4}"
_NUMBER = r"(?:\d{1,6}(?:[.)]?[ \t]{1,9}|[ \t]?[|;][ \t]?))?"

ARROW = re.compile(rf"{_HYPHENS}{_ARROWHEAD}|{_OTHER_ARROW}")
_MAY_BE_ARROW = re.compile(rf"{_ARROWHEAD}|{_OTHER_ARROW}")
_TIMING = re.compile(rf"{_BEFORE}{_TAGS}{_NUMBER}{_CLOCK}{_GAP}[,.;]?{_GAP}{_LONG_ARROW}{_GAP}{_CLOCK}(.*)")
# YouTube's own export and SubViewer: 0:00:01.000,0:00:02.500; transcripts: 00:00:01,000 - 00:00:02,500
_ARROWLESS_TIMING = re.compile(
    rf"{_BEFORE}{_CLOCK}[ \t]*(?:[,;|~\u2010-\u2015-]{{1,3}}|\t)[ \t]*{_CLOCK}[\])]?()[ \t]*"
)
_FRAMES = re.compile(r"\d:\d\d:\d\d:\d\d(?!\d)")
_FULL = re.compile(r"\d[:\uff1a]\d\d?[:\uff1a]\d|\d[.,]\d{2}")
_ONE_CLOCK = re.compile(rf"\s*{_CLOCK}\s*")

_COLONS = re.compile(r"\d\s{0,9}[:\uff1a\ufe55\u2236]")
_FULL_CLOCK = rf"\d{{1,2}}{_COLON}\d{{1,2}}(?:{_COLON}\d{{1,2}}(?:[,.]\d{{1,3}})?|[,.]\d{{3}})"
_DAMAGED = re.compile(
    # A beginning and an arrow, or an arrow and an end;
    rf"{_BEFORE}{_NUMBER}{_FULL_CLOCK}{_GAP}[,.;]?{_GAP}{_LONG_ARROW}|{_BEFORE}{_LONG_ARROW}{_GAP}{_FULL_CLOCK}"
    # or nothing but two times.
    rf"|{_BEFORE}{_FULL_CLOCK}[\s,;>~\u2010-\u2015-]{{1,9}}{_FULL_CLOCK}\s*$"
    r"|\s*\d{1,2}:\d\d:\S{1,9},\d{1,2}:\d\d:\S{1,9}\s*$"
)
# Below a counter: digits and signs only, but for letters that are read for digits.
_TIME_LIKE = re.compile(r"[\s\d:;,.<>=~_|\u2010-\u2015\u2192\uff1a-]*(?:[OoIlSxX][\s\d:;,.<>=~OoIlSxX-]*)*")
_DIGIT = re.compile(r"[\dOoIlxX]")
_SETTING = re.compile(r"\b(?:align|line|position|size|region|vertical|[XY][12])[ \t]?:[ \t]?\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Timing:
    """A time line. `span` in milliseconds, None where it shows nothing; `text` if the line holds that, too."""

    span: tuple[int, int] | None
    settings: str = ""
    text: str = ""


def read_timing(line: str) -> Timing | None:
    """Read a line with an arrow between two times; None if it is anything else."""
    found = _TIMING.match(line) if _MAY_BE_ARROW.search(line) else None
    return _timing(found) if found else None


def read_arrowless_timing(line: str) -> Timing | None:
    """Read a line of two times with a comma or a dash between. In files with arrows, such a line is damaged."""
    found = _ARROWLESS_TIMING.fullmatch(line)
    return _timing(found) if found and _FULL.search(line) and not _FRAMES.search(line) else None


def is_damaged(line: str) -> bool:
    """True for what can only have been a time line: one time and an arrow, or two times without."""
    return bool(_COLONS.search(line) and _DAMAGED.match(line)) and not read_timing(line)


def is_damaged_below_number(line: str) -> bool:
    """True for what is no text if the cue's number stands above it."""
    if ARROW.search(line):
        return True
    return len(line) < 60 and len(_DIGIT.findall(line)) >= 6 and bool(_TIME_LIKE.fullmatch(line))


def read_span(start: str, end: str) -> tuple[int, int] | None:
    """Read two times of an ASS script."""
    first, last = _ONE_CLOCK.fullmatch(start), _ONE_CLOCK.fullmatch(end)
    return _span(first.groups(), last.groups()) if first and last else None


def _timing(found: re.Match[str]) -> Timing:
    groups = found.groups()
    settings: str = groups[10]
    # "[00:01.000 --> 00:02.000]  Hello" of speech recognition, or a whole cue on one line.
    text = _SETTING.sub("", settings).lstrip(" \t])}*_|,;").rstrip()
    is_text = any(char.isalpha() for char in text) and not ARROW.search(text)
    return Timing(_span(groups[:5], groups[5:10]), settings, text if is_text else "")


def _span(start: tuple[str | None, ...], end: tuple[str | None, ...]) -> tuple[int, int] | None:
    first, last = _milliseconds(start), _milliseconds(end)
    if first is None or last is None:
        return None
    # Shifting a file by too much puts its beginning before zero: what is left of it is shown.
    first = max(0, first)
    return (first, last) if last > first else None


def _milliseconds(parts: tuple[str | None, ...]) -> int | None:
    sign, hours, minutes, seconds, fraction = parts
    if int(hours or 0) > _MOST_HOURS:
        return None
    # ",5" is half a second, as a decimal fraction is; not five milliseconds.
    thousandths = int((fraction or "0").ljust(3, "0")[:3])
    time = ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)) * 1000 + thousandths
    return -time if sign else time
