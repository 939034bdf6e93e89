"""Read ASS and SSA scripts: one line per cue, with the fields that a `Format` line names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpu_worker.subtitles.formats.blocks import Block, Blocks, Dialect
from gpu_worker.subtitles.formats.timing import parse_span

_SECTION = re.compile(r"\W{0,9}\[(?:script info|v4\+? styles\+?|events)\]", re.IGNORECASE)
_DIALOGUE = re.compile(r"\s{0,9}dialogue\s?:.{0,40}\d:\d\d:\d\d", re.IGNORECASE)
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_HEAD_LINES = 50


def is_ass(lines: list[str]) -> bool:
    """Return True for a script, also one after a language model's opening remark, or without its header."""
    return any(_SECTION.match(line) or _DIALOGUE.match(line) for line in lines[:_HEAD_LINES])


def read_ass(lines: list[str]) -> Blocks:
    """Return the cues of a script."""
    return Blocks(Dialect.ASS, list(_parse_dialogue(lines)))


def _parse_dialogue(lines: list[str]) -> Iterator[Block]:
    fields: tuple[str, ...] = _FIELDS
    for line in lines:
        key, _, rest = line.partition(":")
        key = key.strip().lower()
        if key == "format":
            named = tuple(name.strip().lower() for name in rest.split(","))
            # The styles section has a format line, too.
            fields = named if {"start", "end"} < set(named) and named[-1] == "text" else fields
        elif key == "dialogue":
            values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
            yield Block(parse_span(values.get("start", ""), values.get("end", "")), values.get("text", ""))
