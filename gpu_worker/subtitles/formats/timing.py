"""Parse time lines of SRT, WebVTT and similar formats, in every spelling found in real files."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_HOURS = 99
# Invisible direction and width marks that editors and messengers leave around times.
_GAP = r"[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,9}"
# Machine translation inserts spaces into times, and other scripts have other colons and commas.
_COLON = rf"{_GAP}[:\uff1a\ufe55\u2236]{_GAP}"
_POINT = rf"{_GAP}[,.:;'\u2019\u060c\u066b\uff0c\uff0e\uff1a]{_GAP}"
_CLOCK = rf"([-\u2212]?)(?:(\d{{1,4}}){_COLON})?(\d{{1,2}}){_COLON}(\d{{1,2}})(?:{_POINT}(\d{{1,9}}))?(?!\d)"
# Typesetting turns the arrow's hyphens into dashes, translation splits it, HTML escapes it.
_HYPHENS = r"(?:[-\u2010-\u2015\u2212\uff0d=~_][ \t]?)"
_ARROWHEAD = r"(?:>|&gt;|\uff1e|\u203a|\u00bb)"
_OTHER_ARROW = r"(?:[\u2192\u21d2\u2794\u279c\u27f6\u25ba]|&rarr;)"
_LONG_ARROW = rf"{_HYPHENS}{{0,4}}(?:{_ARROWHEAD}{{1,3}}|{_OTHER_ARROW})"
# Prefixes from word processors, Markdown, HTML and logs: brackets, a tag, the cue's number.
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
    # A start and an arrow, or an arrow and an end;
    rf"{_BEFORE}{_NUMBER}{_FULL_CLOCK}{_GAP}[,.;]?{_GAP}{_LONG_ARROW}|{_BEFORE}{_LONG_ARROW}{_GAP}{_FULL_CLOCK}"
    # or nothing but two times.
    rf"|{_BEFORE}{_FULL_CLOCK}[\s,;>~\u2010-\u2015-]{{1,9}}{_FULL_CLOCK}\s*$"
    r"|\s*\d{1,2}:\d\d:\S{1,9},\d{1,2}:\d\d:\S{1,9}\s*$"
)
# Below a cue number: digits and punctuation, and letters that OCR confuses with digits.
_TIME_LIKE = re.compile(r"[\s\d:;,.<>=~_|\u2010-\u2015\u2192\uff1a-]*(?:[OoIlSxX][\s\d:;,.<>=~OoIlSxX-]*)*")
_DIGIT = re.compile(r"[\dOoIlxX]")
_SETTING = re.compile(r"\b(?:align|line|position|size|region|vertical|[XY][12])[ \t]?:[ \t]?\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Timing:
    """A time line. `span` in milliseconds, None if it shows nothing; `text` if the line has some, too."""

    span: tuple[int, int] | None
    settings: str = ""
    text: str = ""


def parse_time_line(line: str) -> Timing | None:
    """Parse a line with an arrow between two times; None if it is anything else."""
    found = _TIMING.match(line) if _MAY_BE_ARROW.search(line) else None
    return _make_timing(found) if found else None


def parse_arrowless_time_line(line: str) -> Timing | None:
    """Parse a line of two times with a comma or a dash in between. In files with arrows, such a line is damaged."""
    found = _ARROWLESS_TIMING.fullmatch(line)
    return _make_timing(found) if found and _FULL.search(line) and not _FRAMES.search(line) else None


def is_damaged_time_line(line: str) -> bool:
    """Return True for a former time line: one time and an arrow, or two times without."""
    return bool(_COLONS.search(line) and _DAMAGED.match(line)) and not parse_time_line(line)


def is_damaged_below_number(line: str) -> bool:
    """Return True for a line that is not text if the cue's number is above it."""
    if ARROW.search(line):
        return True
    return len(line) < 60 and len(_DIGIT.findall(line)) >= 6 and bool(_TIME_LIKE.fullmatch(line))


def parse_span(start: str, end: str) -> tuple[int, int] | None:
    """Parse two times of an ASS script."""
    first, last = _ONE_CLOCK.fullmatch(start), _ONE_CLOCK.fullmatch(end)
    return _make_span(first.groups(), last.groups()) if first and last else None


def _make_timing(found: re.Match[str]) -> Timing:
    groups = found.groups()
    settings: str = groups[10]
    # "[00:01.000 --> 00:02.000]  Hello" of speech recognition, or a whole cue on one line.
    text = _SETTING.sub("", settings).lstrip(" \t])}*_|,;").rstrip()
    is_text = any(char.isalpha() for char in text) and not ARROW.search(text)
    return Timing(_make_span(groups[:5], groups[5:10]), settings, text if is_text else "")


def _make_span(start: tuple[str | None, ...], end: tuple[str | None, ...]) -> tuple[int, int] | None:
    first, last = _to_milliseconds(start), _to_milliseconds(end)
    if first is None or last is None:
        return None
    # A file shifted too far starts before zero: show what remains of the cue.
    first = max(0, first)
    return (first, last) if last > first else None


def _to_milliseconds(parts: tuple[str | None, ...]) -> int | None:
    sign, hours, minutes, seconds, fraction = parts
    if int(hours or 0) > _MAX_HOURS:
        return None
    # ",5" is half a second, a decimal fraction, not five milliseconds.
    thousandths = int((fraction or "0").ljust(3, "0")[:3])
    time = ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)) * 1000 + thousandths
    return -time if sign else time
