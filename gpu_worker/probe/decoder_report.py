"""Parse ffmpeg's log: how much of an input it decoded, and changes in its parameters.

Packets do not show how much was decoded: some are never shown, some hold half a frame, some cannot be decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^(?:\[in#\d+/[^\]\n]*\])? *Input stream #(?P<file>\d+):\d+ \((?P<kind>video|audio)\): "
    r"(?P<packets>\d+) packets read \(\d+ bytes\); (?P<frames>\d+) frames decoded(?:; (?P<errors>\d+) decode errors)?",
    re.MULTILINE,
)
"""ffmpeg 5 writes the line without the brackets and without the number of errors."""
_CORRUPT = {
    "video": re.compile(r"^(?!\[aist#).*corrupt decoded frame", re.MULTILINE),
    "audio": re.compile(r"^\[aist#.*corrupt decoded frame", re.MULTILINE),
}
"""One line for each frame with concealed errors."""

_NOT_OPENED = re.compile(
    r"^(?:\[(?P<kind>[va])ist#(?P<file>\d+):.*)?Error while opening decoder(?: for input stream #(?P<old>\d+):\d+)?",
    re.MULTILINE,
)
"""ffmpeg 5 names the stream at the end, and not its kind."""

_NEW_SIZE = re.compile(r"video parameters changed to [^\n]*?, (?P<width>[1-9]\d*)x(?P<height>[1-9]\d*)")


@dataclass(frozen=True, slots=True)
class DecoderReport:
    """One decoded stream: packets read, frames decoded, and how many of both are damaged.

    Damage is counted in the tail of a log only, so there may be more.
    """

    packets: int
    frames: int
    damaged: int


def parse_decoder_report(log: str, kind: str, file: int = 0) -> DecoderReport | None:
    """Return the statistics of a `video` or `audio` stream of an input file, from the tail of a log at level `verbose`.

    None if it was not decoded. The statistics come last, after anything that a file's tags may imitate.
    """
    lines = [line for line in _LINE.finditer(log) if line["kind"] == kind and int(line["file"]) == file]
    if not lines:
        return None
    last = lines[-1]
    damaged = int(last["errors"] or 0) + len(_CORRUPT[kind].findall(log))
    return DecoderReport(int(last["packets"]), int(last["frames"]), damaged)


def has_unopened_decoder(log: str, kind: str, file: int = 0) -> bool:
    """Return True if no decoder accepted the parameters of a `video` or `audio` stream of an input file."""
    return any(
        int(line["file"] or line["old"] or -1) == file and kind.startswith(line["kind"] or kind)
        for line in _NOT_OPENED.finditer(log)
    )


def has_shape_change(log: str, size: tuple[int, int]) -> bool:
    """Return True if ffmpeg decoded frames whose aspect ratio differs from that of `size` by more than 1 %."""
    sizes = ((int(found["width"]), int(found["height"])) for found in _NEW_SIZE.finditer(log))
    return any(abs(width * size[1] / (height * size[0]) - 1) > 0.01 for width, height in sizes)


def has_sound_change(log: str) -> bool:
    """Return True if ffmpeg decoded samples of another rate or layout than before, and restarted its filters."""
    return "because audio parameters changed to" in log
