"""Facts about a file that a probe found: everything that a plan knows about its inputs.

All times are on the timeline that ffmpeg gives an input by default: seconds from the file's own start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Color:
    """Color description by ffmpeg's names (`bt709`, `smpte170m`…); `unknown` where the file has no tag."""

    matrix: str = "unknown"
    primaries: str = "unknown"
    transfer: str = "unknown"
    full_range: bool = False

    @property
    def is_hdr(self) -> bool:
        return self.transfer in {"smpte2084", "arib-std-b67"}

    @property
    def is_wide(self) -> bool:
        """True for gamuts wider than BT.709: BT.2020 and both variants of P3."""
        return self.primaries in {"bt2020", "smpte431", "smpte432"}


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The video stream that is used, never cover art. `width` and `height` are the coded ones, before rotation."""

    codec: str
    width: int
    height: int
    frames: int
    start: Fraction
    end: Fraction
    frame_rate: Fraction
    has_constant_rate: bool = True
    sample_aspect: Fraction = Fraction(1)
    rotation: int = 0
    """Degrees by which a player turns it clockwise: 0, 90, 180 or 270."""
    pix_fmt: str = "yuv420p"
    color: Color = Color()
    is_interlaced: bool = False
    hidden: int = 0
    """Packets that are decoded but not shown, because an edit list starts after them; not in `frames`."""
    packet_times: Sequence[int] = ()
    """Presentation times in decode order, in units of `time_base`."""
    keys: Sequence[int] = ()
    """One number for each of them: 1 if decoding can start there, else 0."""
    number: int = 0
    """The index of the stream among the file's video streams without cover art: ffmpeg's `V:0` is the first."""
    is_timed: bool = True
    """False if the file does not state every packet's presentation time, so that `packet_times` are estimates."""
    starts_untimed: bool = False
    """True if the first packet has no presentation time: ffmpeg shows its frame late by the reordering delay."""
    starts_clean: bool = True
    """False if the first packets cannot be decoded, because frames that they refer to were cut off."""
    time_base: Fraction = Fraction(1)
    index: int = 0
    """The index of the stream among all streams of the file."""
    parameter_sets: str | None = None
    """A hash of what a decoder needs before the first frame (H.264's and HEVC's parameter sets); None if unknown.

    It is known only for a video that can begin in the middle of another one: with a frame that resets the decoder.
    """

    @property
    def duration(self) -> Fraction:
        return self.end - self.start

    def shown_times(self) -> list[int]:
        """Return the times of the frames that players show, in order, in units of `time_base`."""
        start, stop = math.ceil(self.start / self.time_base), math.ceil(self.end / self.time_base)
        return sorted(time for time in self.packet_times if start <= time < stop)

    @property
    def selector(self) -> str:
        """ffmpeg's stream specifier."""
        return f"V:{self.number}"

    @property
    def timing_slack(self) -> Fraction:
        """Tolerance of a copy's duration, in seconds: 1.5 frames, or more if the last frame's duration is a guess."""
        frame = 1 / self.frame_rate
        return frame * Fraction(3, 2) if self.has_constant_rate else max(frame * 2, Fraction(1, 2))

    @property
    def has_alpha(self) -> bool:
        return self.pix_fmt.startswith(("rgba", "bgra", "argb", "abgr", "yuva", "gbrap", "ya", "pal8"))

    @property
    def display_size(self) -> tuple[int, int]:
        """Displayed width and height: square pixels, upright, both even as 4:2:0 requires."""
        width, height = round(self.width * self.sample_aspect), self.height
        if self.sample_aspect < 1:
            # Enlarge the short side rather than drop lines of the long one.
            width, height = self.width, round(self.height / self.sample_aspect)
        if self.rotation in {90, 270}:
            width, height = height, width
        return even(width), even(height)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """An audio stream as the file describes it. `number` is its index: ffmpeg's `a:0` is the first."""

    number: int
    is_default: bool
    is_usable: bool
    """False if this worker has no decoder for it, or cannot mix its channels to stereo."""
    codec: str = ""
    sample_rate: int = 0
    channels: int = 0
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """A subtitle stream as the file describes it; `codec` is empty if ffmpeg does not know it."""

    codec: str
    language: str | None


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """The audio stream that is used. `start` may be negative by the encoder's priming."""

    codec: str
    sample_rate: int
    channels: int
    start: Fraction
    end: Fraction
    number: int = 0
    """The index of the stream among the file's audio streams."""
    is_gapless: bool = True
    """True if each packet begins where the previous one ends, so that a copy sounds like the file."""
    is_steady: bool = True
    """False if the sample rate or the channels change midway, as in files that were concatenated byte by byte."""
    has_wrong_times: bool = False
    """True if packet times are wrong, so that times follow from the number of samples only."""

    @property
    def selector(self) -> str:
        """ffmpeg's stream specifier."""
        return f"a:{self.number}"


_INDEXED = frozenset({"mov", "matroska", "webm"})
"""Containers with an index of keyframes. In others ffmpeg finds a keyframe near the requested one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about one file. `container` is ffmpeg's demuxer name, such as `mov,mp4,m4a,3gp,3g2,mj2`."""

    container: str
    video: VideoFacts | None = None
    audio: AudioFacts | None = None
    sounds: tuple[SoundTrack, ...] = ()
    """All audio streams, used and unused."""
    subtitles: tuple[SubtitleStream, ...] = ()

    @property
    def is_seekable(self) -> bool:
        """True if ffmpeg finds the last keyframe before a time, and the file states its times."""
        return not _INDEXED.isdisjoint(self.container.split(",")) and (self.video is None or self.video.is_timed)


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """The size of the upright decoded picture, and warnings for the client about decoding it."""

    width: int
    height: int
    warnings: tuple[str, ...] = ()


BOTTOM, TOP = 2, 8
"""Places of a cue, numbered as on a number pad."""


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word: its times in milliseconds and its text, with punctuation and without spaces around it."""

    start_ms: int
    end_ms: int
    text: str
    has_space: bool = True
    """True if a space separates it from the previous word of its line. False in scripts without spaces."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: its times in milliseconds, its lines, and its place: 1 to 9 as on a number pad."""

    start_ms: int
    end_ms: int
    text: str
    place: int = BOTTOM
    words: tuple[Word, ...] = ()
    """Its words, if their times were given; empty if not."""


def even(value: float | Fraction) -> int:
    """Return the largest even number that is not above `value`, at least 2."""
    return max(2, int(value) // 2 * 2)
