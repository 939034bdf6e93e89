"""Read ffmpeg's `framecrc` listing of packets, and sum it up while it arrives.

Our own, because PyAV would parse untrusted files outside the sandbox, and the ffmpeg wheel has no ffprobe.

A listing is a header of `#key index: value` lines and one line per packet:
`index, dts, pts, duration, size, checksum[, F=flags][, side data…]`; times are in units of the stream's `#tb`.
Flags are AVPacket's: 1 keyframe (the default if a line has none), 2 corrupt, 4 decode but do not show.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from operator import add

NO_TIME = -(2**63)
"""AV_NOPTS_VALUE: ffmpeg lists it for a time that the file does not state."""

_KEY, _CORRUPT, _HIDDEN = 1, 2, 4


@dataclass(slots=True)
class PacketStats:
    """One mapped stream. `times`: presentation times of its packets in decode order, in `time_base`.

    `keys` has one byte per packet: 1 if decoding can start there.
    """

    header: dict[str, str] = field(default_factory=dict)
    times: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)
    hidden_times: array[int] = field(default_factory=lambda: array("q"))
    has_corrupt_packets: bool = False
    has_untimed_packets: bool = False
    """The file does not state all presentation times, as in AVI; `finish` replaces them by estimates."""
    starts_untimed: bool = False
    starts_clean: bool = True
    """Every frame can be decoded.

    A file cut without encoding may start between keyframes, or with a keyframe followed by frames that are shown
    before it and refer to frames that were cut off (open GOP; ISO/IEC 14496-12 calls them leading samples).
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
            self.has_corrupt_packets = True
        if flags & _HIDDEN:
            self.hidden_times.append(time)

    def finish(self) -> None:
        """Compute when the track starts and ends, once all packets are known.

        Frames without a time are shown at the rate of decoding, delayed by the frames the decoder keeps for reordering.
        """
        if not self.times:
            return
        self.has_untimed_packets = NO_TIME in self.times
        if self.has_untimed_packets:
            first = self._decode_times[0]
            # A demuxer states the decoder's delay by decode times before 0.
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
        """Return the end of the last packet shown, or its start if its duration is unknown.

        An edit list may end before that packet does. The packets it hides after it start no sooner than the edit ends.
        """
        next_hidden = min((time for time in self.hidden_times if time > self.last), default=self.natural_end)
        return min(next_hidden, self.natural_end) * self.time_base

    @property
    def hidden(self) -> int:
        return len(self.hidden_times)

    @property
    def shown(self) -> int:
        return len(self.times) - self.hidden

    def shown_times(self) -> list[int]:
        """Return the presentation times of the packets that are shown, in order."""
        hidden = Counter(self.hidden_times)
        order = sorted(self.times)
        return list((Counter(order) - hidden).elements()) if hidden else order


class PacketListing:
    """Reads a listing line by line. `is_over_limit` is set once it has more than `max_packets`.

    `is_encrypted` is set by the first packet that needs a key; ffmpeg up to 7 does not report it. `has_new_extradata`
    is set by the first packet with new parameters for its decoder.
    """

    def __init__(self, max_packets: int) -> None:
        self.tracks: dict[int, PacketStats] = {}
        self.is_over_limit = False
        self.is_encrypted = False
        self.has_new_extradata = False
        self._packets_left = max_packets

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stdout."""
        if line.startswith(b"#"):
            self._read_header(line)
            return
        parts = line.split(b",", 6)
        if len(parts) < 6:
            return
        self._packets_left -= 1
        if self._packets_left < 0:
            self.is_over_limit = True
            return
        rest = parts[6] if len(parts) > 6 else b""
        self.has_new_extradata = self.has_new_extradata or b"New Extradata" in rest
        self.is_encrypted = self.is_encrypted or b"Encryption info" in rest
        try:
            track, decode_time, time = self.tracks[int(parts[0])], int(parts[1]), int(parts[2])
            decode_time = time if decode_time == NO_TIME else decode_time
            if decode_time != NO_TIME:
                track.add(decode_time, time, int(parts[3]), _read_flags(rest))
        except (KeyError, ValueError):
            return

    def finish(self) -> None:
        """Sum up all tracks. Call it once, after the last line."""
        for track in self.tracks.values():
            track.finish()

    def find_track(self, media: str) -> PacketStats | None:
        """Return the first track of the kind `video` or `audio`."""
        return next((track for track in self.tracks.values() if track.header.get("media_type") == media), None)

    def _read_header(self, line: bytes) -> None:
        key, _, value = line[1:].decode("ascii", "replace").partition(":")
        name, _, index = key.strip().partition(" ")
        if index.isdigit():
            self.tracks.setdefault(int(index), PacketStats()).header[name] = value.strip()


def _read_flags(rest: bytes) -> int:
    """Read the flags, which follow the checksum unless they are the default ones."""
    return int(rest.split(b"F=0x", 1)[1].split(b",", 1)[0], 16) if b"F=0x" in rest else _KEY
