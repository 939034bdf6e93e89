"""What a file's tracks are: what ffmpeg says of its streams, and what their packets add up to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from gpu_worker.media.info import AudioFacts, SoundTrack, VideoFacts
from gpu_worker.probe.framecrc import PacketListing, PacketStats
from gpu_worker.probe.stderr_parser import StderrParser, StreamLine, channels_of

_RATE = re.compile(r", (\d+) Hz")

LEAST_HERTZ = 100
"""Slower sounds, which nobody can hear, are more than ffmpeg's resampler can bring to an ordinary rate."""

_UNEVEN_SECONDS = Fraction(3, 1000)
"""Containers that count in milliseconds (Matroska) round both times of a packet."""


@dataclass(frozen=True, slots=True)
class Film:
    """The picture track that is used of a file, the `number`-th of those that were listed."""

    number: int
    stream: StreamLine
    track: PacketStats

    @property
    def size(self) -> tuple[int, int]:
        width, _, height = self.track.header.get("dimensions", "0x0").partition("x")
        return int(width), int(height)


def find_film(dump: StderrParser, table: PacketListing) -> Film | None:
    """Return the picture track a player would show; None if no track holds a picture that can be decoded.

    That is one marked as default, and among several the largest: files of several cameras or qualities, and films with
    a moving preview, list them in any order.
    """
    listed = [
        Film(number, stream, table.tracks[out])
        for number, (out, stream) in enumerate(dump.mapped_streams("Video"))
        if out in table.tracks
    ]
    usable = [film for film in listed if film.track.shown and min(film.size) > 0 and dump.can_decode(film.stream)]
    default = [film for film in usable if film.stream.is_default]
    return max(default or usable, key=lambda film: film.size[0] * film.size[1], default=None)


def video_facts(film: Film) -> VideoFacts:
    """Describe a picture track."""
    stream, track, (width, height) = film.stream, film.track, film.size
    constant, rate = _rate(track, stream.nominal_rate)
    aspect = _fraction(track.header.get("sar", "1/1"))
    last = track.last * track.time_base
    end = track.end if track.end > last else last + 1 / rate
    return VideoFacts(
        codec=stream.codec,
        number=film.number,
        width=width,
        height=height,
        frames=track.shown,
        start=track.start,
        end=end,
        frame_rate=rate,
        constant_rate=constant,
        sample_aspect=aspect if Fraction(1, 20) <= aspect <= 20 else Fraction(1),
        rotation=stream.rotation,
        pix_fmt=stream.pix_fmt,
        color=stream.color(),
        interlaced=stream.interlaced,
        hidden=track.hidden,
        packet_times=track.times,
        timed=not track.untimed,
        starts_untimed=track.starts_untimed,
        starts_clean=track.starts_clean,
        time_base=track.time_base,
    )


def audio_facts(dump: StderrParser, table: PacketListing) -> AudioFacts | None:
    """The sound track that was copied out; None if there is none, or nothing to hear in it."""
    stream, track = dump.mapped_stream("Audio"), table.track("audio")
    rate = track.header.get("sample_rate", "0") if track else "0"
    if stream is None or track is None or track.shown < 1 or not rate.isdigit() or int(rate) < 1:
        return None
    channels = channels_of(track.header.get("channel_layout_name", ""), stream.text)
    gapless = _is_gapless(track) and not (table.redescribed or dump.damaged_aac)
    return AudioFacts(stream.codec, int(rate), channels, track.start, track.end, gapless=gapless)


def sound_tracks(dump: StderrParser) -> tuple[SoundTrack, ...]:
    """All audio streams of the file, in its order."""
    streams = [stream for _, stream in sorted(dump.streams.items()) if stream.kind == "Audio"]
    return tuple(
        SoundTrack(number, stream.is_default, _is_usable(stream, dump)) for number, stream in enumerate(streams)
    )


def _is_usable(stream: StreamLine, dump: StderrParser) -> bool:
    rate = _RATE.search(stream.text)
    audible = rate is None or int(rate[1]) >= LEAST_HERTZ
    return dump.can_decode(stream) and audible and not (stream.encrypted or stream.scattered)


def _is_gapless(track: PacketStats) -> bool:
    """True if packets come at an even pace, as those of a codec with frames of one size do."""
    gaps = [after - before for before, after in pairwise(track.times)]
    if not gaps:
        return True
    off = max(gaps) - min(gaps)
    return min(gaps) > 0 and (off <= 1 or off * track.time_base <= _UNEVEN_SECONDS)


def stated_audio(dump: StderrParser) -> AudioFacts | None:
    """The same of the first sound in the file, which was not listed: it is not known when it is heard."""
    stream = dump.first_stream("Audio")
    rate = _RATE.search(stream.text) if stream else None
    if stream is None or rate is None or not stream.codec or int(rate[1]) < 1:
        return None
    return AudioFacts(stream.codec, int(rate[1]), channels_of("", stream.text), Fraction(0), Fraction(0))


def _rate(track: PacketStats, nominal: str | None) -> tuple[bool, Fraction]:
    """Whether frames are evenly spaced, and frames per second: exact if they are, else the average.

    Containers that count in milliseconds (Matroska, FLV) round, so one tick more or less is even.
    """
    order = track.shown_times()
    gaps = [after - before for before, after in pairwise(order)]
    if not gaps or max(gaps) == 0:
        return True, _fraction(nominal or "25") or Fraction(25)
    smallest, largest = min(gaps), max(gaps)
    average = Fraction(len(gaps), order[-1] - order[0]) / track.time_base
    even = largest - smallest <= 1 or (largest - smallest) * track.time_base <= Fraction(2, 1000)
    return even and smallest > 0, average.limit_denominator(1001)


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text.replace("k", "000"))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
