"""Decode one audio stream to measure when it is audible and how it changes.

In one run, ffmpeg lists the stored packets and the decoded samples in its `framecrc` format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from contract.options.inputs import role_of
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import AudioFacts
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.probe.decoder_report import has_sound_change
from gpu_worker.probe.stream_line import count_channels
from gpu_worker.sandbox.inspection import inspect

_TIMEOUT_SECONDS = 120.0

MIN_SOUND_SECONDS = Fraction(1, 50)
"""Shorter sounds are clicks at best, and no duration for a video."""

_OVERLAP = Fraction(1, 25)
"""Jumps of times, in seconds, that are ignored because listeners do not notice them."""

JOINED_FILES = "several sound files joined into one"


class NoDecoderError(Exception):
    """This ffmpeg has no decoder for the stream."""


@dataclass(slots=True)
class _StreamClock:
    """Start and end of the packets of one stream, in its time base."""

    header: dict[str, str] = field(default_factory=dict)
    first: int = 0
    end: int = 0
    total: int = 0
    """The sum of all durations."""
    overlap: int = 0
    gap: int = 0
    packets: int = 0
    _ahead: int = 0
    """The largest lead of a time over the sum of durations."""

    def add(self, time: int, duration: int) -> None:
        if self.packets == 0:
            self.first = self.end = time
            self._ahead = time
        self.gap = max(self.gap, time - self.end)
        self._ahead = max(self._ahead, time - self.total)
        self.overlap = max(self.overlap, self._ahead - (time - self.total))
        self.end = max(self.end, time + max(0, duration))
        self.total += max(0, duration)
        self.packets += 1

    def seconds(self, ticks: int) -> Fraction:
        return ticks * Fraction(self.header.get("tb", "1/1"))


@dataclass(slots=True)
class _DecodedListing:
    """Reads the listing of stored packets (stream 0) and of decoded samples (stream 1)."""

    stored: _StreamClock = field(default_factory=_StreamClock)
    decoded: _StreamClock = field(default_factory=_StreamClock)

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stdout."""
        if line.startswith(b"#"):
            key, _, value = line[1:].decode("ascii", "replace").partition(":")
            name, _, index = key.strip().partition(" ")
            if index in {"0", "1"}:
                self._clock(index).header[name] = value.strip()
            return
        parts = line.decode("ascii", "replace").split(",", 4)
        if len(parts) == 5 and parts[0] in {"0", "1"}:
            self._clock(parts[0]).add(int(parts[2]), int(parts[3]))

    def _clock(self, index: str) -> _StreamClock:
        return self.decoded if index == "1" else self.stored

    def to_facts(self, role: Role, number: int, *, has_change: bool) -> AudioFacts | None:
        """Return the facts of the sound; None if it is silent.

        A video's sound is timed like its picture, so its times are kept. An audio file plays without pauses, so where
        its times contradict its samples, the samples are right.
        """
        stored, decoded = self.stored, self.decoded
        rate = decoded.header.get("sample_rate", "0")
        if not rate.isdigit() or int(rate) < 1 or decoded.seconds(decoded.total) < MIN_SOUND_SECONDS:
            return None
        counted = role is Role.AUDIO and (has_change or decoded.seconds(decoded.overlap) > _OVERLAP)
        return AudioFacts(
            codec=stored.header.get("codec_id", ""),
            sample_rate=int(rate),
            channels=count_channels(decoded.header.get("channel_layout_name", ""), ""),
            start=Fraction(0) if counted else decoded.seconds(decoded.first),
            end=decoded.seconds(decoded.total if counted else decoded.end),
            number=number,
            is_gapless=not has_change and stored.seconds(max(stored.gap, stored.overlap)) <= _OVERLAP,
            is_steady=not has_change,
            has_wrong_times=counted,
        )


@dataclass(slots=True)
class _DecoderLog:
    """Findings in the decoder's log, read line by line."""

    has_change: bool = False
    is_aborted: bool = False
    """The demuxer found a change that it does not support, and stopped reading."""
    no_decoder: bool = False
    """This build has no decoder for the stream, or this worker does not allow it."""

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stderr."""
        if line.startswith(b"["):  # values of tags do not start a line
            self.has_change = self.has_change or has_sound_change(line.decode("utf-8", "replace"))
            self.is_aborted = self.is_aborted or (b"Error during demuxing" in line and b"patches welcome" in line)
            self.no_decoder = self.no_decoder or b"no decoder found for" in line or b"not on whitelist" in line


async def decode_sound(ffmpeg: Ffmpeg, path: Path, field_name: str, number: int, max_pixels: int) -> AudioFacts | None:
    """Decode one audio stream of an input to its end. Return None if it is silent.

    Raises JobFailed and NoDecoderError.
    """
    listing, log, role = _DecodedListing(), _DecoderLog(), role_of(field_name)
    stream = ("-map", f"0:a:{number}")
    # ffmpeg starts a transport stream's times at the first mapped stream, so map the picture, too.
    picture = ("-map", "0:V?", "-c:v", "copy") if role is Role.VIDEO else ()
    argv = [
        *(ffmpeg.path, "-hide_banner", "-nostdin", "-nostats", *MAX_DURATION_ARGS),
        *open_args(role, path.name, max_pixels),
        # ffmpeg drops any number of damaged parts; the remaining ones are checked here.
        *(*stream, *stream, *picture, "-c:a:0", "copy", "-c:a:1", "pcm_s16le", "-max_error_rate", "1"),
        *("-flush_packets", "0", "-f", "framecrc", "-"),
    ]
    await inspect(
        ffmpeg.sandbox, argv, path, field_name, _TIMEOUT_SECONDS, (listing.read, log.read), "decoding its sound"
    )
    if log.no_decoder and not listing.decoded.packets:
        raise NoDecoderError
    if log.is_aborted and listing.decoded.packets:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field_name, format=JOINED_FILES)
    return listing.to_facts(role, number, has_change=log.has_change)
