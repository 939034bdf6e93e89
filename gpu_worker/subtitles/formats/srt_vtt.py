"""Read SRT, WebVTT and similar files: a line of two times, and the text below it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from gpu_worker.media.info import BOTTOM, TOP
from gpu_worker.subtitles.formats import timing
from gpu_worker.subtitles.formats.blocks import Block, Blocks, Dialect
from gpu_worker.subtitles.formats.lines import cut_at_fence, is_blank, strip_closing_remark
from gpu_worker.subtitles.formats.timing import Timing

_VTT_LINE = re.compile(r"\bline:(\d{1,3}(?:\.\d{1,9})?%|-?\d{1,4})(?![\d.])")
_VTT_OTHER = re.compile(r"(?:NOTE|STYLE|REGION|WEBVTT)(?![^\s-])")
_NUMBER = re.compile(r"[\s\ufeff]*(\d{1,7})[\s\ufeff]*")
_DECORATION = r"(?:<[^<>]{0,40}>|\\[a-z]{1,9}-?\d{0,4}(?![a-z\d])|[^\w\n]){0,12}"
# "2.", "#2", "a2", "2<br>", "2\", "\par 2": numbers changed by editors and conversions.
_DECORATED_NUMBER = re.compile(
    rf"{_DECORATION}(?:[a-z]|cue|subtitle|no|nr)?[ .:#]{{0,2}}(\d{{1,7}})(?:/\d{{1,7}})?{_DECORATION}", re.IGNORECASE
)
_MAX_BLANKS = 3


@dataclass(frozen=True, slots=True)
class _Number:
    """A line above a time line that may be the cue's number."""

    at: int
    value: int
    plain: bool
    adjacent: bool
    spaced: bool

    def follows(self, previous: int | None) -> bool:
        if previous is not None and self.value == previous + 1:
            return True
        return (self.plain and self.adjacent) or (self.spaced and (self.plain or self.adjacent))


@dataclass(slots=True)
class _Cue:
    timing: Timing | None
    """None if the time line is damaged."""
    body: list[str]
    number: int | None = None


def read_srt_or_vtt(lines: list[str]) -> Blocks | None:
    """Read the cues; None if no line is a time line, and none states that the file is WebVTT."""
    time_lines = _find_time_lines(lines, timing.parse_time_line)
    if not any(time_lines.values()):
        arrowless = _find_time_lines(lines, timing.parse_arrowless_time_line)
        time_lines = arrowless if any(arrowless.values()) else time_lines
    is_vtt = any(
        line.strip("\ufeff \t").upper().startswith("WEBVTT") for line in lines[: min(time_lines, default=None)]
    )
    if not time_lines:
        return Blocks(Dialect.VTT) if is_vtt else None
    cues = _split_cues(lines, time_lines)
    has_remark = False
    if is_vtt:
        for cue, following in zip(cues, [*cues[1:], None], strict=True):
            cue.body = _clean_vtt_body(cue.body, is_last=following is None)
    else:
        cues = _recover_lost_time_lines(cues)
        last = cues[-1]
        body = strip_closing_remark(last.body, [cue.body for cue in cues[:-1]])
        has_remark = len(body) < len(last.body)
        last.body = body
    return Blocks(Dialect.VTT if is_vtt else Dialect.SRT, [_make_block(cue) for cue in cues], has_remark)


def _find_time_lines(lines: list[str], read: Callable[[str], Timing | None]) -> dict[int, Timing | None]:
    """Return the time lines by line index. Damaged ones are None."""
    found: dict[int, Timing | None] = {}
    for at, line in enumerate(lines):
        parsed = read(line)
        if parsed or timing.is_damaged_time_line(line) or _is_damaged_below_number(lines, at):
            found[at] = parsed
    return found


def _is_damaged_below_number(lines: list[str], at: int) -> bool:
    is_below_number = at > 0 and bool(_NUMBER.fullmatch(lines[at - 1])) and (at == 1 or is_blank(lines[at - 2]))
    return is_below_number and timing.is_damaged_below_number(lines[at])


def _split_cues(lines: list[str], time_lines: dict[int, Timing | None]) -> list[_Cue]:
    indexes = list(time_lines)
    numbers = _find_numbers(lines, indexes)
    starts = [number.at if number else at for at, number in zip(indexes, numbers, strict=True)]
    return [
        _Cue(time_lines[at], cut_at_fence(lines[at + 1 : end]), number.value if number else None)
        for at, end, number in zip(indexes, [*starts[1:], len(lines)], numbers, strict=True)
    ]


def _find_numbers(lines: list[str], indexes: list[int]) -> list[_Number | None]:
    """Return the number above each time line. If the first cue has none, the numbers are text, such as a countdown."""
    found = [_find_number_above(lines, at, before) for at, before in zip(indexes, [-1, *indexes], strict=False)]
    rising = sum(1 for one, two in pairwise(found) if one and two and two.value == one.value + 1)
    placed = sum(1 for at, number in enumerate(found, 1) if number and number.spaced and number.value == at)
    if found[0] is None and rising * 2 < max(4, len(indexes)) and placed * 2 < len(indexes):
        return [None] * len(indexes)
    numbers: list[_Number | None] = []
    previous: int | None = None
    for number in found:
        taken = number if number and (not numbers or number.follows(previous)) else None
        numbers.append(taken)
        previous = taken.value if taken else previous
    return numbers


def _find_number_above(lines: list[str], at: int, before: int) -> _Number | None:
    above = at - 1
    while above > max(before, at - 1 - _MAX_BLANKS) and is_blank(lines[above]):
        above -= 1
    if above <= before:
        return None
    plain = _NUMBER.fullmatch(lines[above])
    found = plain or _DECORATED_NUMBER.fullmatch(lines[above])
    if not found:
        return None
    spaced = above - 1 > before and is_blank(lines[above - 1])
    return _Number(above, int(found[1]), bool(plain), adjacent=above == at - 1, spaced=spaced)


def _recover_lost_time_lines(cues: list[_Cue]) -> list[_Cue]:
    """Split cues in which the next number follows a blank line: a time line is missing below it."""
    recovered: list[_Cue] = []
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        if len(cue.body) < 2 or (following and following.number == (cue.number or 0) + 1):
            recovered.append(cue)
            continue
        parts = _split_at_numbers(cue)
        agrees = following is None or following.number is None or following.number == (parts[-1].number or 0) + 1
        recovered += parts if agrees else [cue]
    return recovered


def _split_at_numbers(cue: _Cue) -> list[_Cue]:
    parts = [_Cue(cue.timing, [], cue.number)]
    for at, line in enumerate(cue.body):
        number = _NUMBER.fullmatch(line)
        expected = None if parts[-1].number is None else parts[-1].number + 1
        if number and int(number[1]) == expected and at > 0 and is_blank(cue.body[at - 1]):
            parts.append(_Cue(None, [], expected))
        else:
            parts[-1].body.append(line)
    return parts


def _clean_vtt_body(lines: list[str], *, is_last: bool) -> list[str]:
    """Return a WebVTT cue's text. An empty line ends it, a line of spaces does not. Notes and styles are dropped."""
    start = next((at for at, line in enumerate(lines) if line), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    runs_into_next = end == len(lines) and not is_last
    if start > 0 and (
        _VTT_OTHER.match(lines[start] if start < len(lines) else "") or (runs_into_next and end - start == 1)
    ):
        # A note, or the next cue's identifier, below a cue without text.
        return []
    body = lines[start:end]
    for at in range(1, len(body)):
        if is_blank(body[at - 1]) and (_VTT_OTHER.match(body[at]) or (runs_into_next and at == len(body) - 1)):
            return body[:at]
        if body[at].startswith("WEBVTT"):
            return body[:at]
    return body


def _make_block(cue: _Cue) -> Block:
    if cue.timing is None:
        return Block(None, "\n".join(cue.body))
    text = "\n".join(cue.body)
    if cue.timing.text and not text.strip():
        text = cue.timing.text
    return Block(cue.timing.span, text, _read_position(cue.timing.settings))


def _read_position(settings: str) -> int:
    """Read WebVTT's `line`: a share of the height, or lines counted from the top, or from the bottom if negative."""
    line = _VTT_LINE.search(settings)
    if line is None or line[1].startswith("-"):
        return BOTTOM
    if line[1].endswith("%"):
        return TOP if float(line[1][:-1]) < 50 else BOTTOM
    return TOP if int(line[1]) < 5 else BOTTOM
