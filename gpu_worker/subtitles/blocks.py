"""The text of a subtitle file to blocks: a time span each, and the lines that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gpu_worker.plan.facts import BOTTOM, TOP

_MOST_HOURS = 99
# Machine translation puts spaces into times, and typesetting turns the arrow's hyphens into dashes.
_COLON = r"[ \t]?[:\uff1a][ \t]?"
_CLOCK = rf"([-\u2212]?)(?:(\d{{1,4}}){_COLON})?(\d{{1,2}}){_COLON}(\d{{1,2}})(?:[ \t]?[,.:\uff0c][ \t]?(\d{{1,9}}))?"
_TIMING = re.compile(rf"[ \t\ufeff]*{_CLOCK}[ \t]*(?:[-\u2013\u2014\u2212]{{1,3}}>|→)[ \t]*{_CLOCK}(.*)")
_ARROW = re.compile(r"[-\u2013\u2014\u2212]>|→")
_ASS = re.compile(r"\[(?:script info|v4\+? styles|events)\]", re.IGNORECASE)
_ASS_TIME = re.compile(rf"\s*{_CLOCK}\s*")
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_LINE_BREAK = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_VTT_LINE = re.compile(r"\bline:(\d{1,3}(?:\.\d{1,9})?%|-?\d{1,4})(?![\d.])")


@dataclass(frozen=True, slots=True)
class Block:
    """One cue as it stands in the file. `span` in milliseconds; None where it shows nothing: too late, or no time."""

    span: tuple[int, int] | None
    text: str
    place: int = BOTTOM


def looks_like_subtitles(text: str) -> bool:
    """True if there is an arrow, or the beginning of an ASS script."""
    return bool(_ARROW.search(text)) or _is_ass(text)


def read_blocks(text: str) -> list[Block]:
    """Return the blocks in the order of the file, whichever of the three formats it has."""
    lines = _LINE_BREAK.sub("\n", text).replace("\0", "").split("\n")
    if _is_ass(text):
        return list(_ass(lines))
    return list(_timed(lines, strict=lines[0].lstrip("\ufeff").startswith("WEBVTT")))


def _is_ass(text: str) -> bool:
    return bool(_ASS.match(text.lstrip("\ufeff \t\r\n")))


def _timed(lines: list[str], *, strict: bool) -> Iterator[Block]:
    """SRT, or WebVTT if `strict`: there a blank line ends a cue, so that notes and styles are not drawn."""
    timings = [(at, found) for at, line in enumerate(lines) if _ARROW.search(line) and (found := _TIMING.match(line))]
    if not timings:
        return
    starts = [at for at, _ in timings]
    numbered = _is_number(next((line for line in reversed(lines[: starts[0]]) if line.strip()), ""))
    for (at, timing), following in zip(timings, [*starts[1:], len(lines)], strict=True):
        body = lines[at + 1 : following]
        if strict:
            body = body[: next((index for index, line in enumerate(body) if not line.strip()), len(body))]
        elif numbered and following < len(lines) and body and _is_number(body[-1]):
            del body[-1]
        groups = timing.groups()
        yield Block(_span(groups[:5], groups[5:10]), "\n".join(body), _place(groups[10] or ""))


def _is_number(line: str) -> bool:
    return line.strip(" \t\ufeff").isdecimal()


def _ass(lines: list[str]) -> Iterator[Block]:
    fields: tuple[str, ...] = _ASS_FIELDS
    for line in lines:
        key, _, rest = line.partition(":")
        key = key.strip().lower()
        if key == "format":
            named = tuple(name.strip().lower() for name in rest.split(","))
            # The styles have a format too.
            fields = named if {"start", "end"} < set(named) and named[-1] == "text" else fields
        elif key == "dialogue":
            values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
            start, end = (_ASS_TIME.fullmatch(values.get(name, "")) for name in ("start", "end"))
            span = _span(start.groups(), end.groups()) if start and end else None
            text = values.get("text", "").replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
            yield Block(span, text)


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


def _place(settings: str) -> int:
    """WebVTT's `line`: a share of the height, or lines counted from the top, or from the bottom if negative."""
    line = _VTT_LINE.search(settings)
    if line is None or line[1].startswith("-"):
        return BOTTOM
    if line[1].endswith("%"):
        return TOP if float(line[1][:-1]) < 50 else BOTTOM
    return TOP if int(line[1]) < 5 else BOTTOM
