"""What a probe found out about a file: the only thing a plan knows of its inputs.

All times are on the timeline ffmpeg gives an input by default: seconds from the file's own start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Color:
    """Color description in ffmpeg's words (`bt709`, `smpte170m`…); `unknown` where the file is silent."""

    matrix: str = "unknown"
    primaries: str = "unknown"
    transfer: str = "unknown"
    full_range: bool = False

    @property
    def is_hdr(self) -> bool:
        return self.transfer in {"smpte2084", "arib-std-b67"}

    @property
    def is_wide(self) -> bool:
        """True for colors that BT.709 does not have: BT.2020 and the two of P3."""
        return self.primaries in {"bt2020", "smpte431", "smpte432"}


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The video stream that is used, never cover art. `width` and `height` as coded, before rotation."""

    codec: str
    width: int
    height: int
    frames: int
    start: Fraction
    end: Fraction
    frame_rate: Fraction
    constant_rate: bool = True
    sample_aspect: Fraction = Fraction(1)
    rotation: int = 0
    """Degrees clockwise a player turns it: 0, 90, 180 or 270."""
    pix_fmt: str = "yuv420p"
    color: Color = Color()
    interlaced: bool = False
    hidden: int = 0
    """Packets that are decoded and not shown: an edit list starts after them. Not counted in `frames`."""
    packet_times: Sequence[int] = ()
    """Presentation times in decode order, in units of `time_base`."""
    number: int = 0
    """Which of the file's video streams it is, cover art not counted: `V:0` in ffmpeg's words is the first."""
    timed: bool = True
    """False if the file does not state the presentation time of every packet, and `packet_times` are estimates."""
    starts_untimed: bool = False
    """The first packet has no presentation time, so ffmpeg shows its frame late, by what it holds back to reorder."""
    starts_clean: bool = True
    """False if the first packets cannot be decoded, because what they refer to was cut off."""
    time_base: Fraction = Fraction(1)

    @property
    def duration(self) -> Fraction:
        return self.end - self.start

    @property
    def selector(self) -> str:
        """The stream in ffmpeg's words."""
        return f"V:{self.number}"

    @property
    def timing_slack(self) -> Fraction:
        """How exact a copy's duration can be: one frame, or more where the last frame's length is anybody's guess."""
        frame = 1 / self.frame_rate
        return frame * Fraction(3, 2) if self.constant_rate else max(frame * 2, Fraction(1, 2))

    @property
    def has_alpha(self) -> bool:
        return self.pix_fmt.startswith(("rgba", "bgra", "argb", "abgr", "yuva", "gbrap", "ya", "pal8"))

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height as shown: square pixels, upright, both even as 4:2:0 needs."""
        width, height = round(self.width * self.sample_aspect), self.height
        if self.sample_aspect < 1:
            # Stretch the short side rather than throw away lines of the long one.
            width, height = self.width, round(self.height / self.sample_aspect)
        if self.rotation in {90, 270}:
            width, height = height, width
        return even(width), even(height)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """An audio stream as the file describes it: the `number`-th, `a:0` in ffmpeg's words is the first."""

    number: int
    is_default: bool
    is_usable: bool
    """False if this worker has no decoder for it, or cannot mix its channels to stereo."""


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """The audio stream that is used. `start` may be below zero by the encoder's priming."""

    codec: str
    sample_rate: int
    channels: int
    start: Fraction
    end: Fraction
    number: int = 0
    """Which of the file's audio streams it is."""
    gapless: bool = True
    """Each packet begins where the one before it ends, so a copy sounds like the file."""
    steady: bool = True
    """False if the sample rate or the channels change midway, as in files that were joined byte by byte."""
    counted: bool = False
    """Its packets' times are wrong: only the number of samples before it tells when something is heard."""

    @property
    def selector(self) -> str:
        """The stream in ffmpeg's words."""
        return f"a:{self.number}"


@dataclass(frozen=True, slots=True)
class Facts:
    """One file. `container` is ffmpeg's demuxer name, for example `mov,mp4,m4a,3gp,3g2,mj2`."""

    container: str
    video: VideoFacts | None = None
    audio: AudioFacts | None = None
    sounds: tuple[SoundTrack, ...] = ()
    """All audio streams, used or not."""


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """The upright pixels that a picture file was turned into, and what to tell the client about that."""

    width: int
    height: int
    warnings: tuple[str, ...] = ()


BOTTOM, TOP = 2, 8
"""Places of a cue, as on a number pad."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: when it is shown, in milliseconds, its lines, and where: 1 to 9 as on a number pad."""

    start_ms: int
    end_ms: int
    text: str
    place: int = BOTTOM


def even(value: float) -> int:
    """The even number at or just below, at least 2."""
    return max(2, int(value) // 2 * 2)
