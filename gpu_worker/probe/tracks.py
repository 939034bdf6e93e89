"""Describe a file's tracks by ffmpeg's stream lines and the sums of their packets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from gpu_worker.media.info import AudioFacts, SoundTrack, SubtitleStream, VideoFacts
from gpu_worker.probe.framecrc import PacketListing, PacketStats
from gpu_worker.probe.stderr_parser import StderrParser
from gpu_worker.probe.stream_line import StreamLine, count_channels

_RATE = re.compile(r", (\d+) Hz")

MIN_SAMPLE_RATE = 100
"""ffmpeg's resampler cannot convert lower rates, whose sound is inaudible anyway."""

_UNEVEN_SECONDS = Fraction(3, 1000)
"""Containers with millisecond times (Matroska) round both times of a packet."""


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The video track that is used, the `number`-th of those listed. `index` is that of its stream in the file."""

    number: int
    index: int
    stream: StreamLine
    track: PacketStats

    @property
    def size(self) -> tuple[int, int]:
        width, _, height = self.track.header.get("dimensions", "0x0").partition("x")
        return int(width), int(height)


def find_video_track(log: StderrParser, listing: PacketListing) -> VideoTrack | None:
    """Return the video track that a player would show; None if none can be decoded.

    That is the one marked as default, and among several the largest: files of several cameras or qualities, and videos
    with a moving preview, list them in any order.
    """
    listed = [
        VideoTrack(number, log.mapped[out], stream, listing.tracks[out])
        for number, (out, stream) in enumerate(log.list_mapped_streams("Video"))
        if out in listing.tracks
    ]
    usable = [video for video in listed if video.track.shown and min(video.size) > 0 and log.can_decode(video.stream)]
    default = [video for video in usable if video.stream.is_default]
    return max(default or usable, key=lambda video: video.size[0] * video.size[1], default=None)


def describe_video(video: VideoTrack, parameter_sets: str | None = None) -> VideoFacts:
    """Describe a video track. `parameter_sets`: their hash, if the container has them."""
    stream, track, (width, height) = video.stream, video.track, video.size
    constant, rate = _measure_rate(track, stream.nominal_rate)
    aspect = _parse_fraction(track.header.get("sar", "1/1"))
    last = track.last * track.time_base
    end = track.end if track.end > last else last + 1 / rate
    return VideoFacts(
        codec=stream.codec,
        number=video.number,
        index=video.index,
        width=width,
        height=height,
        frames=track.shown,
        start=track.start,
        end=end,
        frame_rate=rate,
        has_constant_rate=constant,
        sample_aspect=aspect if Fraction(1, 20) <= aspect <= 20 else Fraction(1),
        rotation=stream.rotation,
        pix_fmt=stream.pix_fmt,
        color=stream.parse_color(),
        is_interlaced=stream.is_interlaced,
        hidden=track.hidden,
        packet_times=track.times,
        keys=track.keys,
        is_timed=not track.has_untimed_packets,
        starts_untimed=track.starts_untimed,
        starts_clean=track.starts_clean,
        time_base=track.time_base,
        parameter_sets=parameter_sets,
    )


def describe_audio(log: StderrParser, listing: PacketListing) -> AudioFacts | None:
    """Describe the mapped audio track; None if there is none, or it is empty."""
    stream, track = log.find_mapped_stream("Audio"), listing.find_track("audio")
    rate = track.header.get("sample_rate", "0") if track else "0"
    if stream is None or track is None or track.shown < 1 or not rate.isdigit() or int(rate) < 1:
        return None
    channels = count_channels(track.header.get("channel_layout_name", ""), stream.text)
    gapless = _is_gapless(track) and not (listing.has_new_extradata or log.has_damaged_aac)
    return AudioFacts(stream.codec, int(rate), channels, track.start, track.end, is_gapless=gapless)


def list_sound_tracks(log: StderrParser) -> tuple[SoundTrack, ...]:
    """Return all audio streams of the file, in file order."""
    streams = [stream for _, stream in sorted(log.streams.items()) if stream.kind == "Audio"]
    return tuple(_describe_sound(number, stream, log) for number, stream in enumerate(streams))


def list_subtitle_streams(log: StderrParser) -> tuple[SubtitleStream, ...]:
    """Return all subtitle streams of the file, in file order."""
    streams = (stream for _, stream in sorted(log.streams.items()) if stream.kind == "Subtitle")
    return tuple(SubtitleStream(stream.codec, stream.language) for stream in streams)


def _describe_sound(number: int, stream: StreamLine, log: StderrParser) -> SoundTrack:
    rate = _RATE.search(stream.text)
    return SoundTrack(
        number,
        stream.is_default,
        _is_usable(stream, log),
        stream.codec,
        int(rate[1]) if rate else 0,
        count_channels("", stream.text),
        stream.language,
    )


def _is_usable(stream: StreamLine, log: StderrParser) -> bool:
    rate = _RATE.search(stream.text)
    is_audible = rate is None or int(rate[1]) >= MIN_SAMPLE_RATE
    return log.can_decode(stream) and is_audible and not (stream.is_encrypted or stream.has_unknown_layout)


def _is_gapless(track: PacketStats) -> bool:
    """Return True if packets are evenly spaced, as in codecs with a fixed frame size."""
    gaps = [after - before for before, after in pairwise(track.times)]
    if not gaps:
        return True
    spread = max(gaps) - min(gaps)
    return min(gaps) > 0 and (spread <= 1 or spread * track.time_base <= _UNEVEN_SECONDS)


def describe_unlisted_audio(log: StderrParser) -> AudioFacts | None:
    """Describe the file's first audio stream, which was not mapped: its times are unknown, and 0 here."""
    stream = log.find_first_stream("Audio")
    rate = _RATE.search(stream.text) if stream else None
    if stream is None or rate is None or not stream.codec or int(rate[1]) < 1:
        return None
    return AudioFacts(stream.codec, int(rate[1]), count_channels("", stream.text), Fraction(0), Fraction(0))


def _measure_rate(track: PacketStats, nominal: str | None) -> tuple[bool, Fraction]:
    """Return True if frames are evenly spaced, and frames per second: exact if they are, else the average.

    Containers with millisecond times (Matroska, FLV) round, so a difference of one tick is still even.
    """
    order = track.shown_times()
    gaps = [after - before for before, after in pairwise(order)]
    if not gaps or max(gaps) == 0:
        return True, _parse_fraction(nominal or "25") or Fraction(25)
    smallest, largest = min(gaps), max(gaps)
    average = Fraction(len(gaps), order[-1] - order[0]) / track.time_base
    is_even = largest - smallest <= 1 or (largest - smallest) * track.time_base <= Fraction(2, 1000)
    return is_even and smallest > 0, average.limit_denominator(1001)


def _parse_fraction(text: str) -> Fraction:
    try:
        return Fraction(text.replace("k", "000"))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
