"""The packets of a file as ffmpeg's `framecrc` lists them, added up while they stream by.

A listing is a header of `#key index: value` lines and one line per packet:
`index, dts, pts, duration, size, checksum[, F=flags][, side data…]`; times count in the stream's `#tb`.
Flags are AVPacket's: 1 key frame (the only one set where a line names none), 2 corrupt, 4 decode but do not show.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from operator import add

NO_TIME = -(2**63)
"""AV_NOPTS_VALUE: how ffmpeg lists a time that the file does not state."""

_KEY, _CORRUPT, _HIDDEN = 1, 2, 4


@dataclass(slots=True)
class PacketStats:
    """One mapped stream. `times`: presentation times of its packets in decode order, in `time_base`.

    `keys` holds a byte for each of them: 1 if decoding can start there.
    """

    header: dict[str, str] = field(default_factory=dict)
    times: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)
    hidden_times: array[int] = field(default_factory=lambda: array("q"))
    corrupt: bool = False
    untimed: bool = False
    """The file does not state all presentation times, as in AVI; `settle` puts an estimate in their place."""
    starts_untimed: bool = False
    starts_clean: bool = True
    """Every frame can be decoded.

    A file cut without encoding may start between key frames, or with a key frame followed by frames that are shown
    before it and refer to what was cut off ("open" groups of pictures, ISO/IEC 14496-12 calls it a leading sample).
    """
    first: int = 0
    last: int = 0
    natural_end: int = 0
    _decode_times: array[int] = field(default_factory=lambda: array("q"))
    _durations: array[int] = field(default_factory=lambda: array("q"))

    def add(self, decode_time: int, time: int, duration: int, flags: int) -> None:
        """Add the next packet in decode order. Its duration may be 0 or less if the file states none."""
        self.times.append(time)
        self._decode_times.append(decode_time)
        self._durations.append(duration)
        self.keys.append(flags & _KEY)
        if flags & _CORRUPT:
            self.corrupt = True
        if flags & _HIDDEN:
            self.hidden_times.append(time)

    def settle(self) -> None:
        """Work out when the track begins and ends, once all packets are known.

        Frames without a time are shown at the pace of decoding, later by what the decoder holds back to reorder them.
        """
        if not self.times:
            return
        self.untimed = NO_TIME in self.times
        if self.untimed:
            first = self._decode_times[0]
            # Decoding before 0 is how a demuxer says what the decoder will hold back.
            begin = max(0, first) if self.times[0] == NO_TIME else self.times[0]
            delay = max(0, begin - first)
            self.starts_untimed = self.times[0] == NO_TIME and not delay
            self.times = array("q", (time + delay for time in self._decode_times))
        self.starts_clean = bool(self.keys[0]) and min(self.times) >= self.times[0]
        shown = self.shown_times()
        if shown:
            self.first, self.last = shown[0], shown[-1]
            if not self.starts_clean and 1 in self.keys:
                self.first = max(self.first, self.times[self.keys.index(1)])
            hidden = set(self.hidden_times)
            ends = map(add, self.times, self._durations)
            seen = (end for time, end in zip(self.times, ends, strict=True) if time not in hidden) if hidden else ends
            self.natural_end = max(self.last, max(seen, default=self.last))

    @property
    def time_base(self) -> Fraction:
        return Fraction(self.header.get("tb", "1/1"))

    @property
    def start(self) -> Fraction:
        return self.first * self.time_base

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

    def shown_times(self) -> list[int]:
        """Presentation times of the packets that are shown, in their order."""
        hidden = Counter(self.hidden_times)
        order = sorted(self.times)
        return list((Counter(order) - hidden).elements()) if hidden else order


class PacketListing:
    """Reads a listing line by line. `overflowed` is set once it has more packets than `most`.

    `encrypted` is set by the first packet that needs a key; ffmpeg up to 7 does not tell. `redescribed` is set by the
    first packet that brings new parameters for its decoder.
    """

    def __init__(self, most: int) -> None:
        self.tracks: dict[int, PacketStats] = {}
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
            track, decode_time, time = self.tracks[int(parts[0])], int(parts[1]), int(parts[2])
            decode_time = time if decode_time == NO_TIME else decode_time
            if decode_time != NO_TIME:
                track.add(decode_time, time, int(parts[3]), _flags(rest))
        except (KeyError, ValueError):
            return

    def settle(self) -> None:
        """Call it once, after the last line."""
        for track in self.tracks.values():
            track.settle()

    def track(self, media: str) -> PacketStats | None:
        """The first track of `video` or `audio`."""
        return next((track for track in self.tracks.values() if track.header.get("media_type") == media), None)

    def _header(self, line: bytes) -> None:
        key, _, value = line[1:].decode("ascii", "replace").partition(":")
        name, _, index = key.strip().partition(" ")
        if index.isdigit():
            self.tracks.setdefault(int(index), PacketStats()).header[name] = value.strip()


def _flags(rest: bytes) -> int:
    """What stands behind the checksum starts with the flags, unless they are the usual ones."""
    return int(rest.split(b"F=0x", 1)[1].split(b",", 1)[0], 16) if b"F=0x" in rest else _KEY
