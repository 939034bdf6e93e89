"""Cues as stored in the file: a time span, and text with its markup."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gpu_worker.media.info import BOTTOM


class Dialect(Enum):
    """The markup of a file's text."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"


@dataclass(frozen=True, slots=True)
class Block:
    """`span` in milliseconds; None if the cue is never shown: it starts too late, or its times are unreadable."""

    span: tuple[int, int] | None
    text: str
    place: int = BOTTOM


@dataclass(frozen=True, slots=True)
class Blocks:
    """The cues in file order. `has_remark`: text after the last cue was left out."""

    dialect: Dialect
    blocks: list[Block] = field(default_factory=list)
    has_remark: bool = False
