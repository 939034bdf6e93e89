"""SRT, WebVTT and files of the same build: a line of two times, and below it the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from gpu_worker.media.info import BOTTOM, TOP
from gpu_worker.subtitles import times
from gpu_worker.subtitles.blocks import Block, Blocks, Dialect
from gpu_worker.subtitles.layout import is_blank, until_fence, without_remark
from gpu_worker.subtitles.times import Timing

_VTT_LINE = re.compile(r"\bline:(\d{1,3}(?:\.\d{1,9})?%|-?\d{1,4})(?![\d.])")
_VTT_OTHER = re.compile(r"(?:NOTE|STYLE|REGION|WEBVTT)(?![^\s-])")
_NUMBER = re.compile(r"[\s\ufeff]*(\d{1,7})[\s\ufeff]*")
_REMAINS = r"(?:<[^<>]{0,40}>|\\[a-z]{1,9}-?\d{0,4}(?![a-z\d])|[^\w\n]){0,12}"
# "2.", "#2", "a2", "2<br>", "2\", "\par 2": what editors and conversions make of a number.
_NUMBER_IN_REMAINS = re.compile(
    rf"{_REMAINS}(?:[a-z]|cue|subtitle|no|nr)?[ .:#]{{0,2}}(\d{{1,7}})(?:/\d{{1,7}})?{_REMAINS}", re.IGNORECASE
)
_MOST_BLANKS = 3


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


def read_timed(lines: list[str]) -> Blocks | None:
    """Read the cues; None if no line holds a time span, and none says that the file is WebVTT."""
    heads = _heads(lines, times.read_timing)
    if not any(heads.values()):
        arrowless = _heads(lines, times.read_arrowless_timing)
        heads = arrowless if any(arrowless.values()) else heads
    is_vtt = any(line.strip("\ufeff \t").upper().startswith("WEBVTT") for line in lines[: min(heads, default=None)])
    if not heads:
        return Blocks(Dialect.VTT) if is_vtt else None
    cues = _cues(lines, heads)
    remark = False
    if is_vtt:
        for cue, following in zip(cues, [*cues[1:], None], strict=True):
            cue.body = _vtt_body(cue.body, is_last=following is None)
    else:
        cues = _with_lost_time_lines(cues)
        last = cues[-1]
        body = without_remark(last.body, [cue.body for cue in cues[:-1]])
        remark = len(body) < len(last.body)
        last.body = body
    return Blocks(Dialect.VTT if is_vtt else Dialect.SRT, [_block(cue) for cue in cues], remark)


def _heads(lines: list[str], read: Callable[[str], Timing | None]) -> dict[int, Timing | None]:
    """Return the time lines by their place in the file. Damaged ones are None."""
    heads: dict[int, Timing | None] = {}
    for at, line in enumerate(lines):
        timing = read(line)
        if timing or times.is_damaged(line) or (_is_below_number(lines, at) and times.is_damaged_below_number(line)):
            heads[at] = timing
    return heads


def _is_below_number(lines: list[str], at: int) -> bool:
    return at > 0 and bool(_NUMBER.fullmatch(lines[at - 1])) and (at == 1 or is_blank(lines[at - 2]))


def _cues(lines: list[str], heads: dict[int, Timing | None]) -> list[_Cue]:
    places = list(heads)
    numbers = _numbers(lines, places)
    starts = [number.at if number else at for at, number in zip(places, numbers, strict=True)]
    return [
        _Cue(heads[at], until_fence(lines[at + 1 : end]), number.value if number else None)
        for at, end, number in zip(places, [*starts[1:], len(lines)], numbers, strict=True)
    ]


def _numbers(lines: list[str], places: list[int]) -> list[_Number | None]:
    """Return the number above each time line. If the first cue has none, numbers are text: a countdown."""
    found = [_number_above(lines, at, before) for at, before in zip(places, [-1, *places], strict=False)]
    rising = sum(1 for one, two in pairwise(found) if one and two and two.value == one.value + 1)
    placed = sum(1 for at, number in enumerate(found, 1) if number and number.spaced and number.value == at)
    if found[0] is None and rising * 2 < max(4, len(places)) and placed * 2 < len(places):
        return [None] * len(places)
    numbers: list[_Number | None] = []
    previous: int | None = None
    for number in found:
        taken = number if number and (not numbers or number.follows(previous)) else None
        numbers.append(taken)
        previous = taken.value if taken else previous
    return numbers


def _number_above(lines: list[str], at: int, before: int) -> _Number | None:
    above = at - 1
    while above > max(before, at - 1 - _MOST_BLANKS) and is_blank(lines[above]):
        above -= 1
    if above <= before:
        return None
    plain = _NUMBER.fullmatch(lines[above])
    found = plain or _NUMBER_IN_REMAINS.fullmatch(lines[above])
    if not found:
        return None
    spaced = above - 1 > before and is_blank(lines[above - 1])
    return _Number(above, int(found[1]), bool(plain), adjacent=above == at - 1, spaced=spaced)


def _with_lost_time_lines(cues: list[_Cue]) -> list[_Cue]:
    """Split cues in which the next number follows a blank line: what is below it had a time line once."""
    whole: list[_Cue] = []
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        if len(cue.body) < 2 or (following and following.number == (cue.number or 0) + 1):
            whole.append(cue)
            continue
        parts = _split_at_numbers(cue)
        agrees = following is None or following.number is None or following.number == (parts[-1].number or 0) + 1
        whole += parts if agrees else [cue]
    return whole


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


def _vtt_body(lines: list[str], *, is_last: bool) -> list[str]:
    """Return a WebVTT cue's text. An empty line ends it, a line of blanks does not. Notes and styles are not drawn."""
    start = next((at for at, line in enumerate(lines) if line), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    runs_into_next = end == len(lines) and not is_last
    if start > 0 and (
        _VTT_OTHER.match(lines[start] if start < len(lines) else "") or (runs_into_next and end - start == 1)
    ):
        # A note, or the name of the next cue, below a cue without text.
        return []
    body = lines[start:end]
    for at in range(1, len(body)):
        if is_blank(body[at - 1]) and (_VTT_OTHER.match(body[at]) or (runs_into_next and at == len(body) - 1)):
            return body[:at]
        if body[at].startswith("WEBVTT"):
            return body[:at]
    return body


def _block(cue: _Cue) -> Block:
    if cue.timing is None:
        return Block(None, "\n".join(cue.body))
    text = "\n".join(cue.body)
    if cue.timing.text and not text.strip():
        text = cue.timing.text
    return Block(cue.timing.span, text, _place(cue.timing.settings))


def _place(settings: str) -> int:
    """WebVTT's `line`: a share of the height, or lines counted from the top, or from the bottom if negative."""
    line = _VTT_LINE.search(settings)
    if line is None or line[1].startswith("-"):
        return BOTTOM
    if line[1].endswith("%"):
        return TOP if float(line[1][:-1]) < 50 else BOTTOM
    return TOP if int(line[1]) < 5 else BOTTOM
