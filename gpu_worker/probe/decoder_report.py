"""Read the statistics that ffmpeg logs at its end: how much of an input it could decode.

Packets are no measure of that: some are never shown, some hold half a frame, and some cannot be decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^(?:\[in#\d+/[^\]\n]*\])? *Input stream #(?P<file>\d+):\d+ \((?P<kind>video|audio)\): "
    r"(?P<packets>\d+) packets read \(\d+ bytes\); (?P<frames>\d+) frames decoded(?:; (?P<errors>\d+) decode errors)?",
    re.MULTILINE,
)
"""ffmpeg 5 writes no brackets in front and counts no errors."""
_CORRUPT = {
    "video": re.compile(r"^(?!\[aist#).*corrupt decoded frame", re.MULTILINE),
    "audio": re.compile(r"^\[aist#.*corrupt decoded frame", re.MULTILINE),
}
"""One line for each frame that the decoder had to guess in parts."""

_NOT_OPENED = re.compile(
    r"^(?:\[(?P<kind>[va])ist#(?P<file>\d+):.*)?Error while opening decoder(?: for input stream #(?P<old>\d+):\d+)?",
    re.MULTILINE,
)
"""ffmpeg 5 names the stream behind, and not its kind."""


@dataclass(frozen=True, slots=True)
class DecoderReport:
    """One decoded stream: packets read of it, frames that came of them, and how many of both are damaged.

    The damage is counted in the end of a log, so there may be more.
    """

    packets: int
    frames: int
    damaged: int


def read_report(log: str, kind: str, file: int = 0) -> DecoderReport | None:
    """Return what the end of ffmpeg's log, at level `verbose`, says of a `video` or `audio` stream of an input file.

    None if that was not decoded. The statistics come last, behind whatever a file's tags may imitate.
    """
    lines = [line for line in _LINE.finditer(log) if line["kind"] == kind and int(line["file"]) == file]
    if not lines:
        return None
    last = lines[-1]
    damaged = int(last["errors"] or 0) + len(_CORRUPT[kind].findall(log))
    return DecoderReport(int(last["packets"]), int(last["frames"]), damaged)


def is_not_opened(log: str, kind: str, file: int = 0) -> bool:
    """True if no decoder took the description that a `video` or `audio` stream of an input file comes with."""
    return any(
        int(line["file"] or line["old"] or -1) == file and kind.startswith(line["kind"] or kind)
        for line in _NOT_OPENED.finditer(log)
    )
