"""The packets of a file as ffmpeg's `framecrc` lists them, added up while they stream by.

A listing is a header of `#key index: value` lines and one line per packet:
`index, dts, pts, duration, size, checksum[, F=flags][, side data…]`; times count in the stream's `#tb`.
Flags are AVPacket's: 1 key frame (the only one set where a line names none), 2 corrupt, 4 decode but do not show.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from fractions import Fraction

_KEY, _CORRUPT, _HIDDEN = 1, 2, 4


@dataclass(slots=True)
class Track:
    """One mapped stream. `times`: presentation times of its packets in decode order, in `time_base`.

    `keys` holds a byte for each of them: 1 if decoding can start there.
    """

    header: dict[str, str] = field(default_factory=dict)
    times: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)
    hidden_times: array[int] = field(default_factory=lambda: array("q"))
    first: int | None = None
    last: int = 0
    natural_end: int = 0
    corrupt: bool = False

    @property
    def time_base(self) -> Fraction:
        return Fraction(self.header.get("tb", "1/1"))

    @property
    def start(self) -> Fraction:
        return (self.first or 0) * self.time_base

    @property
    def end(self) -> Fraction:
        """Where the last packet shown ends; where it starts if nothing tells how long it is.

        An edit list may end before that packet does. What it hides behind it then starts no sooner than the edit ends.
        """
        behind = min((time for time in self.hidden_times if time > self.last), default=self.natural_end)
        return min(behind, self.natural_end) * self.time_base

    @property
    def hidden(self) -> int:
        return len(self.hidden_times)

    @property
    def shown(self) -> int:
        return len(self.times) - self.hidden


class PacketTable:
    """Reads a listing line by line. `overflowed` is set once it has more packets than `most`.

    `encrypted` is set by the first packet that needs a key; ffmpeg up to 7 does not tell. `redescribed` is set by the
    first packet that brings new parameters for its decoder.
    """

    def __init__(self, most: int) -> None:
        self.tracks: dict[int, Track] = {}
        self.overflowed = False
        self.encrypted = False
        self.redescribed = False
        self._room = most

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stdout."""
        if line.startswith(b"#"):
            self._header(line)
            return
        parts = line.split(b",", 6)
        if len(parts) < 6:
            return
        self._room -= 1
        if self._room < 0:
            self.overflowed = True
            return
        rest = parts[6] if len(parts) > 6 else b""
        self.redescribed = self.redescribed or b"New Extradata" in rest
        self.encrypted = self.encrypted or b"Encryption info" in rest
        try:
            _add(self.tracks[int(parts[0])], int(parts[2]), int(parts[3]), _flags(rest))
        except (KeyError, ValueError):
            return  # a packet without a time ("NOPTS") tells nothing

    def track(self, media: str) -> Track | None:
        """The first track of `video` or `audio`."""
        return next((track for track in self.tracks.values() if track.header.get("media_type") == media), None)

    def _header(self, line: bytes) -> None:
        key, _, value = line[1:].decode("ascii", "replace").partition(":")
        name, _, index = key.strip().partition(" ")
        if index.isdigit():
            self.tracks.setdefault(int(index), Track()).header[name] = value.strip()


def _flags(rest: bytes) -> int:
    """What stands behind the checksum starts with the flags, unless they are the usual ones."""
    return int(rest.split(b"F=0x", 1)[1].split(b",", 1)[0], 16) if b"F=0x" in rest else _KEY


def _add(track: Track, time: int, duration: int, flags: int) -> None:
    track.times.append(time)
    track.keys.append(flags & _KEY)
    if flags & _CORRUPT:
        track.corrupt = True
    if flags & _HIDDEN:
        track.hidden_times.append(time)
        return
    if track.first is None:
        track.first = track.last = time
    elif time < track.first:
        track.first = time
    elif time > track.last:
        track.last = time
    track.natural_end = max(track.natural_end, time + duration)
