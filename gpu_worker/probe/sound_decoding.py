"""Decode one audio stream to learn when it is heard and how it changes.

ffmpeg lists the packets as stored and the samples that they decode to, in one run, in its `framecrc` format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import AudioFacts
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.probe.stderr_parser import changes_sound, channels_of
from gpu_worker.sandbox.inspection import inspect

_TIMEOUT_SECONDS = 120.0

SHORTEST = Fraction(1, 50)
"""Seconds. What is shorter is a click at best, and no length for a video."""

_OVERLAP = Fraction(1, 25)
"""Seconds that times may jump without meaning it: nobody notices."""

JOINED = "several sound files joined into one"


class NoDecoderError(Exception):
    """Nothing here decodes the stream."""


@dataclass(slots=True)
class _Clock:
    """When the packets of one stream begin and end, in its time base."""

    header: dict[str, str] = field(default_factory=dict)
    first: int = 0
    end: int = 0
    total: int = 0
    """The sum of all durations."""
    overlap: int = 0
    hole: int = 0
    packets: int = 0
    _ahead: int = 0
    """The furthest that times have run ahead of the sum of durations."""

    def add(self, time: int, duration: int) -> None:
        if self.packets == 0:
            self.first = self.end = time
            self._ahead = time
        self.hole = max(self.hole, time - self.end)
        self._ahead = max(self._ahead, time - self.total)
        self.overlap = max(self.overlap, self._ahead - (time - self.total))
        self.end = max(self.end, time + max(0, duration))
        self.total += max(0, duration)
        self.packets += 1

    def seconds(self, ticks: int) -> Fraction:
        return ticks * Fraction(self.header.get("tb", "1/1"))


@dataclass(slots=True)
class _Listing:
    """Reads a listing of the packets as stored (0) and of the samples that they decode to (1)."""

    stored: _Clock = field(default_factory=_Clock)
    decoded: _Clock = field(default_factory=_Clock)

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

    def _clock(self, index: str) -> _Clock:
        return self.decoded if index == "1" else self.stored

    def facts(self, role: Role, number: int, *, changed: bool) -> AudioFacts | None:
        """Return the facts of the sound; None if nothing is heard.

        Times of a video's sound are those of its picture, and must be kept. A sound alone is heard without a pause, so
        where its times contradict its samples the samples are right.
        """
        stored, decoded = self.stored, self.decoded
        rate = decoded.header.get("sample_rate", "0")
        if not rate.isdigit() or int(rate) < 1 or decoded.seconds(decoded.total) < SHORTEST:
            return None
        counted = role is Role.AUDIO and (changed or decoded.seconds(decoded.overlap) > _OVERLAP)
        return AudioFacts(
            codec=stored.header.get("codec_id", ""),
            sample_rate=int(rate),
            channels=channels_of(decoded.header.get("channel_layout_name", ""), ""),
            start=Fraction(0) if counted else decoded.seconds(decoded.first),
            end=decoded.seconds(decoded.total if counted else decoded.end),
            number=number,
            gapless=not changed and stored.seconds(max(stored.hole, stored.overlap)) <= _OVERLAP,
            steady=not changed,
            counted=counted,
        )


@dataclass(slots=True)
class _Log:
    """Signs in the decoder's log, read line by line."""

    changed: bool = False
    given_up: bool = False
    """The demuxer met a change that it cannot follow, and read no further."""
    no_decoder: bool = False
    """This build has no decoder for the stream, or this worker allows none."""

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stderr."""
        if line.startswith(b"["):  # values of tags do not start a line
            self.changed = self.changed or changes_sound(line.decode("utf-8", "replace"))
            self.given_up = self.given_up or (b"Error during demuxing" in line and b"patches welcome" in line)
            self.no_decoder = self.no_decoder or b"no decoder found for" in line or b"not on whitelist" in line


async def decode_sound(ffmpeg: Ffmpeg, path: Path, role: Role, number: int, max_pixels: int) -> AudioFacts | None:
    """Decode one audio stream to its end. Returns None if nothing is heard. Raises JobFailed and NoDecoderError."""
    listing, log, name = _Listing(), _Log(), f"url_{role.value}"
    stream = ("-map", f"0:a:{number}")
    # Times of a transport stream begin with the first of the streams that are used: the picture is one of them.
    picture = ("-map", "0:V?", "-c:v", "copy") if role is Role.VIDEO else ()
    argv = [
        *(ffmpeg.path, "-hide_banner", "-nostdin", "-nostats", *MAX_DURATION_ARGS),
        *open_args(role, path.name, max_pixels),
        # Damaged parts are left out, however many: what remains is judged here.
        *(*stream, *stream, *picture, "-c:a:0", "copy", "-c:a:1", "pcm_s16le", "-max_error_rate", "1"),
        *("-flush_packets", "0", "-f", "framecrc", "-"),
    ]
    await inspect(ffmpeg.sandbox, argv, path, name, _TIMEOUT_SECONDS, (listing.read, log.read), "decoding its sound")
    if log.no_decoder and not listing.decoded.packets:
        raise NoDecoderError
    if log.given_up and listing.decoded.packets:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=name, format=JOINED)
    return listing.facts(role, number, changed=log.changed)
