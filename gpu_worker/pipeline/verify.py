"""Verify the finished file by probing it: ffmpeg's exit code and log do not prove that the output is right."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.messages import MediaFacts
from contract.operations import Role
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.formats.mp4 import list_tracks
from gpu_worker.formats.mp4_boxes import Mp4Error
from gpu_worker.media.info import AudioFacts, Facts, VideoFacts
from gpu_worker.plan.model import ExpectedOutput
from gpu_worker.probe.decoder_report import DecoderReport
from gpu_worker.probe.probe import probe

_MAX_PIXELS = 2**31 - 1
_AAC_FRAME = 1024
_SUBTITLE_KINDS = frozenset({"sbtl", "text", "subt", "clcp"})
_SUBTITLES_TOLERANCE = Fraction(1, 100)
"""Seconds; captions have milliseconds, and the units of a file may be coarser."""


async def verify(
    ffmpeg: Ffmpeg, path: Path, expected: ExpectedOutput | None, decoded: DecoderReport | None = None
) -> Facts:
    """Probe the output and return its facts. Raises JobFailed(output_invalid) if anything is not as expected.

    Without `expected` it must only be a readable video. `decoded` reports how much of the source could be decoded.
    """
    try:
        is_mp4 = path.suffix == ".mp4"
        facts = await probe(ffmpeg, path, Role.VIDEO, "output", _MAX_PIXELS, is_output=is_mp4)
        tracks = await asyncio.to_thread(list_tracks, path) if is_mp4 else []
        facts = _with_ends(facts, dict(tracks)) if is_mp4 else facts
    except (JobFailed, Mp4Error, OSError):
        raise job_failed(Code.OUTPUT_INVALID) from None
    if facts.video is None or (expected is not None and not _is_as_expected(facts.video, facts, expected, decoded)):
        raise job_failed(Code.OUTPUT_INVALID)
    if expected is not None and not has_expected_subtitles(tracks, expected):
        raise job_failed(Code.OUTPUT_INVALID)
    return facts


def media_facts(facts: Facts) -> MediaFacts:
    """Return the facts about a video for the manifest: upright, in square pixels."""
    video = facts.video
    if video is None:
        raise job_failed(Code.OUTPUT_INVALID)
    width, height = video.display_size
    end = max(video.end, facts.audio.end) if facts.audio else video.end
    return MediaFacts(
        width=width,
        height=height,
        frame_rate=round(float(video.frame_rate), 3),
        frames=video.frames,
        duration_seconds=round(float(end), 3),
        video_codec=video.codec,
        audio_codec=facts.audio.codec if facts.audio else None,
    )


def _with_ends(facts: Facts, ends: dict[str, Fraction]) -> Facts:
    """Return the facts with the ends that the edit lists set, instead of those of the last packets."""
    video, audio, sound_end = facts.video, facts.audio, ends.get("soun", Fraction(0))
    return replace(
        facts,
        video=video and replace(video, end=ends.get("vide", video.end)),
        # A sound without duration is no sound.
        audio=replace(audio, end=sound_end) if audio and sound_end else None,
    )


def _is_as_expected(video: VideoFacts, facts: Facts, expected: ExpectedOutput, decoded: DecoderReport | None) -> bool:
    return (
        video.codec == expected.video_codec
        and video.display_size == expected.size
        and has_expected_frames(video.frames, expected, decoded)
        # A start within the first frame is lost in the output, and the end comes earlier by as much.
        and min(abs(video.end - expected.end), abs(video.duration - expected.duration)) <= expected.end_tolerance
        and (facts.audio is not None) == expected.has_audio
        and (facts.audio is None or _sound_ends_in_time(facts.audio, expected))
    )


def _sound_ends_in_time(audio: AudioFacts, expected: ExpectedOutput) -> bool:
    tolerance = Fraction(_AAC_FRAME, audio.sample_rate) + expected.sound_end_tolerance
    return expected.sound_end is None or abs(audio.end - expected.sound_end) <= tolerance


def has_expected_subtitles(tracks: Iterable[tuple[str, Fraction]], expected: ExpectedOutput) -> bool:
    """Return True if the output has the one subtitle track that it should have, or none."""
    ends = [end for kind, end in tracks if kind in _SUBTITLE_KINDS]
    if expected.subtitles_end is None or len(ends) != 1:
        return expected.subtitles_end is None and not ends
    return abs(ends[0] - expected.subtitles_end) <= _SUBTITLES_TOLERANCE


def has_expected_frames(found: int, expected: ExpectedOutput, decoded: DecoderReport | None) -> bool:
    """Return True if the output has all frames that the source's decoder returned, which may be fewer than packets."""
    tolerance = expected.frames_tolerance
    if decoded is None or not expected.has_source_frames:
        return abs(found - expected.frames) <= tolerance
    available = decoded.frames + expected.frames_added
    if not expected.is_cut:
        return abs(found - available) <= tolerance
    lost = max(0, decoded.packets - decoded.frames)
    return expected.frames - lost - tolerance <= found <= max(expected.frames, available) + tolerance
