"""Cues as they are in the file: a time span, and text with its markup."""

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
    """`span` in milliseconds; None if the cue is never shown: it is too late, or its times cannot be read."""

    span: tuple[int, int] | None
    text: str
    place: int = BOTTOM


@dataclass(frozen=True, slots=True)
class Blocks:
    """The cues in the order of the file. `remark` if text after the last one was left out."""

    dialect: Dialect
    blocks: list[Block] = field(default_factory=list)
    remark: bool = False
