"""Subtitle files as people really have them, read into cues.

SRT has no standard: its files come in every encoding, with and without numbers, hours, commas and
blank lines, and half of them are WebVTT or ASS under another name. Bytes become text in `decode`,
text becomes timed blocks in `timed` and `ass`, and a block's text becomes what is drawn in `text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contract.errors import Code
from gpu_worker.errors import job_failed
from gpu_worker.media.info import Cue
from gpu_worker.subtitles.ass import is_ass, read_ass
from gpu_worker.subtitles.blocks import Block, Blocks, Dialect
from gpu_worker.subtitles.decode import Decoded, decoded
from gpu_worker.subtitles.layout import split_lines
from gpu_worker.subtitles.other_formats import name_binary_format, name_text_format
from gpu_worker.subtitles.rich_text import is_rich_text, plain_text
from gpu_worker.subtitles.rolling import without_repeats
from gpu_worker.subtitles.text import LONGEST, cleaned, is_seen
from gpu_worker.subtitles.timed import read_timed
from gpu_worker.subtitles.times import ARROW

_WORD_TIME = re.compile(r"<(?:\d{1,2}:)?\d{1,2}:\d\d\.\d{3}>")


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Cues in order of time, None if there is no file; and what of it was not taken as it stands, for the client."""

    cues: tuple[Cue, ...] | None = None
    warnings: tuple[str, ...] = ()


def read_subtitles(data: bytes, field: str, most: int) -> Subtitles:
    """Read an SRT, WebVTT or ASS file of at most `most` cues.

    Raises JobFailed, and nothing else: nothing to show, not a subtitle file, or too many.
    """
    if other := name_binary_format(data):
        raise job_failed(Code.SUBTITLES_UNREADABLE, field=field, format=other)
    read = decoded(data)
    text = plain_text(read.text) if is_rich_text(read.text) else read.text
    if not text.strip(" \t\r\n\ufeff\0"):
        raise job_failed(Code.SUBTITLES_EMPTY, field=field)
    found = _read_blocks(text, field)
    if len(found.blocks) > most:
        raise job_failed(Code.SUBTITLES_TOO_MANY, field=field, limit=str(most))
    cues, warnings = _cues(found.blocks, found.dialect)
    if not cues:
        raise job_failed(Code.SUBTITLES_EMPTY, field=field)
    cues = without_repeats(cues, has_word_times=bool(_WORD_TIME.search(text)))
    if found.remark:
        warnings.append("Text behind the last subtitle, without a time span, was left out.")
    return Subtitles(cues, (*_encoding_warnings(read), *warnings))


def _read_blocks(text: str, field: str) -> Blocks:
    lines = split_lines(text)
    if is_ass(lines):
        return read_ass(lines)
    other = name_text_format(text)
    found = None if other and other.certain else read_timed(lines)
    if found is not None:
        return found
    if other:
        raise job_failed(Code.SUBTITLES_UNREADABLE, field=field, format=other.name)
    raise job_failed(Code.SUBTITLES_EMPTY if ARROW.search(text) else Code.SUBTITLES_UNREADABLE, field=field)


def _encoding_warnings(read: Decoded) -> Iterable[str]:
    if read.guessed and read.sure:
        yield f"The subtitles are not UTF-8; they were read as {read.guessed}."
    elif read.guessed:
        yield (
            f"The subtitles are not UTF-8; they were read as {read.guessed}, which is not certain. "
            "If letters are wrong, save the file as UTF-8."
        )


def _cues(blocks: Iterable[Block], dialect: Dialect) -> tuple[tuple[Cue, ...], list[str]]:
    found: dict[Cue, None] = {}
    timeless = long = 0
    for block in blocks:
        whole, place = cleaned(block.text, dialect)
        text = whole[:LONGEST].rstrip()
        if not is_seen(text):
            continue
        if block.span is None:
            timeless += 1
            continue
        long += len(whole) > LONGEST
        # A dict keeps the order of the file and leaves out what stands there twice.
        found[Cue(*block.span, text, place or block.place)] = None
    warnings = []
    if timeless:
        warnings.append(f"Subtitles without a usable time span were left out: {timeless}.")
    if long:
        warnings.append(f"Subtitles of more than {LONGEST} characters were cut: {long}.")
    return tuple(sorted(found, key=lambda cue: (cue.start_ms, cue.end_ms))), warnings
