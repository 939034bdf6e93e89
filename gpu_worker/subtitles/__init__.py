"""Subtitle files as people really have them, read into cues.

SRT has no standard: its files come in every encoding, with and without numbers, hours, commas and
blank lines, and half of them are WebVTT or ASS under another name. Bytes become text in `decode`,
text becomes timed blocks in `blocks`, and a block's text becomes what is drawn in `text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contract.errors import Code
from gpu_worker.errors import failed
from gpu_worker.plan.facts import Cue
from gpu_worker.subtitles.blocks import Block, looks_like_subtitles, read_blocks
from gpu_worker.subtitles.decode import decoded
from gpu_worker.subtitles.text import LONGEST, cleaned, is_seen


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Cues in order of time, None if there is no file; and what of it was not taken as it stands, for the client."""

    cues: tuple[Cue, ...] | None = None
    warnings: tuple[str, ...] = ()


def read_subtitles(data: bytes, field: str, most: int) -> Subtitles:
    """Read an SRT, WebVTT or ASS file of at most `most` cues.

    Raises JobFailed, and nothing else: nothing to show, not a subtitle file, or too many.
    """
    text, guessed = decoded(data)
    if not text.strip(" \t\r\n\ufeff\0"):
        raise failed(Code.SUBTITLES_EMPTY, field=field)
    if not looks_like_subtitles(text):
        raise failed(Code.SUBTITLES_UNREADABLE, field=field)
    blocks = read_blocks(text)
    if len(blocks) > most:
        raise failed(Code.SUBTITLES_TOO_MANY, field=field, limit=str(most))
    cues, warnings = _cues(blocks)
    if not cues:
        raise failed(Code.SUBTITLES_EMPTY, field=field)
    if guessed:
        warnings.insert(0, f"The subtitles are not UTF-8; they were read as {guessed}.")
    return Subtitles(cues, tuple(warnings))


def _cues(blocks: Iterable[Block]) -> tuple[tuple[Cue, ...], list[str]]:
    found: dict[Cue, None] = {}
    timeless = long = 0
    for block in blocks:
        whole, place = cleaned(block.text)
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
