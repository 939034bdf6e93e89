"""The sound of an input: which audio stream is used, and what a decoder makes of it.

The packets of most narrations tell all that a plan needs. Where they do not (streams joined byte by byte, times that
are made up, durations that are missing), the stream is decoded once before it is used.
"""

from __future__ import annotations

import asyncio
import mmap
import signal
from dataclasses import dataclass, replace
from dataclasses import field as made_with
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.operations import AddAudio, AudioMode, Operation, Role
from gpu_worker.errors import failed
from gpu_worker.jobfiles import opened
from gpu_worker.memory import READING_BYTES
from gpu_worker.plan.facts import AudioFacts, Facts, SoundTrack
from gpu_worker.plan.inputs import LONGEST, open_args
from gpu_worker.plan.steps import IN_AUDIO, IN_VIDEO, Sources
from gpu_worker.run import NOT_STARTED, Outgrown, read_lines, spawned
from gpu_worker.streams import changes_sound, channels_of
from gpu_worker.tasks import all_of

_TIMEOUT_SECONDS = 300.0
_MOST_TRIES = 4
"""Streams of one file that are tried."""

_SHORTEST = Fraction(1, 50)
"""Seconds. What is shorter is a click at best, and no length for a video."""

_OVERLAP = Fraction(1, 25)
"""Seconds that times may go back without meaning it: players do not notice."""

_TOLD_BY_PACKETS = (
    ({"mp3"}, ("mp3",)),
    ({"mov", "matroska"}, ("aac",)),
    ({"wav", "w64", "aiff"}, ("pcm_",)),
)
"""Containers and codecs whose packets tell how long the sound is that a decoder makes of them."""


_NO_SOUND = "The sound of the video cannot be decoded and was left out."
_WAV_HEADER = b"WAVEfmt "
_JOINED = "several sound files joined into one"


@dataclass(slots=True)
class _Clock:
    """When the packets of one stream begin and end, in its time base."""

    header: dict[str, str] = made_with(default_factory=dict)
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

    stored: _Clock = made_with(default_factory=_Clock)
    decoded: _Clock = made_with(default_factory=_Clock)

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stdout."""
        if line.startswith(b"#"):
            key, _, value = line[1:].decode("ascii", "replace").partition(":")
            name, _, index = key.strip().partition(" ")
            if index in {"0", "1"}:
                self._clock(index).header[name] = value.strip()
            return
        parts = line.decode("ascii", "replace").split(",", 4)
        if len(parts) == 5:
            self._clock(parts[0]).add(int(parts[2]), int(parts[3]))

    def _clock(self, index: str) -> _Clock:
        return self.decoded if index == "1" else self.stored

    def facts(self, role: Role, number: int, *, changed: bool) -> AudioFacts | None:
        """What the sound is; None if nothing is heard.

        Times of a video's sound are those of its picture, and must be kept. A sound alone is heard without a pause, so
        where its times contradict its samples the samples are right.
        """
        stored, decoded = self.stored, self.decoded
        rate = decoded.header.get("sample_rate", "0")
        if not rate.isdigit() or decoded.seconds(decoded.total) < _SHORTEST:
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
    """What a decoder says of the stream, line by line."""

    changed: bool = False
    given_up: bool = False
    """The demuxer met a change that it cannot follow, and read no further."""

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stderr."""
        if line.startswith(b"["):  # values of tags do not start a line
            self.changed = self.changed or changes_sound(line.decode("utf-8", "replace"))
            self.given_up = self.given_up or b"patches welcome" in line


async def find_sounds(
    ffmpeg: str, directory: Path, operation: Operation, sources: Sources, max_pixels: int, *, trust: bool
) -> Sources:
    """Return the sources with the sounds that are used: the default stream, else the first with anything to hear.

    With `trust`, packets that tell all are believed, and nothing is decoded. A video without such a stream is silent.
    Raises JobFailed if there is none in a sound.
    """
    found = sources
    if sources.audio is not None:
        audio = await _find_sound(ffmpeg, directory / IN_AUDIO, Role.AUDIO, sources.audio, max_pixels, trust=trust)
        if audio.audio is None:
            raise failed(Code.MEDIA_NO_AUDIO, field=_field(Role.AUDIO))
        found = replace(found, audio=audio)
    mixed = isinstance(operation, AddAudio) and operation.mode is AudioMode.MIX
    if sources.video is not None and (mixed or sources.audio is None):
        video = await _find_sound(ffmpeg, directory / IN_VIDEO, Role.VIDEO, sources.video, max_pixels, trust=trust)
        lost = video.audio is None and (sources.video.audio is not None or _has_unusable(video))
        found = replace(found, video=video, notes=(*found.notes, *((_NO_SOUND,) if lost else ())))
    changes = any(facts is not None and facts.audio is not None and not facts.audio.steady for facts in _both(found))
    if trust and changes:
        # A plan for a sound that changes cannot tell whether the other one does.
        return await find_sounds(ffmpeg, directory, operation, sources, max_pixels, trust=False)
    return found


def are_alike(one: Sources, other: Sources) -> bool:
    """True if both have the same sounds, but for when they begin and end."""
    return [_untimed(facts) for facts in _both(one)] == [_untimed(facts) for facts in _both(other)]


def _both(sources: Sources) -> tuple[Facts | None, Facts | None]:
    return sources.video, sources.audio


def _untimed(facts: Facts | None) -> AudioFacts | None:
    audio = facts.audio if facts else None
    return audio and replace(audio, start=Fraction(0), end=Fraction(0))


def _has_unusable(facts: Facts) -> bool:
    return any(not sound.is_usable for sound in facts.sounds)


def _field(role: Role) -> str:
    return f"url_{role.value}"


async def _find_sound(ffmpeg: str, path: Path, role: Role, facts: Facts, max_pixels: int, *, trust: bool) -> Facts:
    """Return the facts with the sound that is used, or with none. Raises JobFailed if it changes beyond what is read."""
    if "wav" in facts.container.split(",") and await asyncio.to_thread(_is_joined_wav, path):
        raise failed(Code.MEDIA_UNSUPPORTED, field=_field(role), format=_JOINED)
    order = sorted((sound for sound in facts.sounds if sound.is_usable), key=lambda sound: not sound.is_default)
    for sound in order[:_MOST_TRIES]:
        if trust and _is_told_by_packets(facts, sound):
            return facts
        audio = await _decode(ffmpeg, path, role, sound.number, max_pixels)
        if audio is not None:
            return replace(facts, audio=audio)
    return replace(facts, audio=None)


def _is_told_by_packets(facts: Facts, sound: SoundTrack) -> bool:
    audio = facts.audio
    return (
        audio is not None
        and audio.number == sound.number
        and audio.gapless
        and audio.end - audio.start >= _SHORTEST
        and any(
            not containers.isdisjoint(facts.container.split(",")) and audio.codec.startswith(codecs)
            for containers, codecs in _TOLD_BY_PACKETS
        )
    )


async def _decode(ffmpeg: str, path: Path, role: Role, number: int, max_pixels: int) -> AudioFacts | None:
    """Decode one audio stream to its end. Returns None if nothing is heard. Raises JobFailed."""
    listing, log, field = _Listing(), _Log(), _field(role)
    stream = ("-map", f"0:a:{number}")
    argv = [
        *(ffmpeg, "-hide_banner", "-nostdin", "-nostats", *LONGEST),
        *open_args(role, path.name, max_pixels),
        # Damaged parts are left out, however many: what remains is judged here.
        *(*stream, *stream, "-c:0", "copy", "-c:1", "pcm_s16le", "-max_error_rate", "1"),
        *("-flush_packets", "0", "-f", "framecrc", "-"),
    ]
    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            spawned(argv, path.parent, memory=READING_BYTES, seconds=_TIMEOUT_SECONDS) as process,
        ):
            await all_of(read_lines(process.stdout, listing.read), read_lines(process.stderr, log.read))
            code = await process.wait()
    except TimeoutError:
        raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit="decoding its sound takes too long") from None
    except Outgrown:
        raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit="decoding its sound takes too much memory") from None
    if code == -signal.SIGKILL:
        raise failed(Code.RESOURCES)
    if code in NOT_STARTED:
        raise failed(Code.INTERNAL)
    if log.given_up and listing.decoded.packets:
        raise failed(Code.MEDIA_UNSUPPORTED, field=field, format=_JOINED)
    return listing.facts(role, number, changed=log.changed)


def _is_joined_wav(path: Path) -> bool:
    """True for a WAV file with another one after its samples: players stop before that one, or play its header."""
    with opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(_WAV_HEADER, data.find(_WAV_HEADER) + 1) > 0
