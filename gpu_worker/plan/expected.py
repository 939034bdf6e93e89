"""Requirements of the finished video that follow from its format."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from contract.artifacts import VideoFormat
from gpu_worker.plan.encode import CODECS, GIF_RATE
from gpu_worker.plan.model import ExpectedOutput

_OPUS_FRAME = Fraction(1, 50)


def has_edit_lists(video_format: VideoFormat) -> bool:
    """Return True if a track can end between two of its packets."""
    return video_format in {VideoFormat.MP4, VideoFormat.MP4_HEVC}


def as_format(expected: ExpectedOutput, video_format: VideoFormat) -> ExpectedOutput:
    """Return what is expected of an MP4 for another format."""
    expected = replace(expected, video_codec=CODECS[video_format])
    if video_format is VideoFormat.WEBM:
        # The last frame lasts as long as the others.
        slack = 2 * expected.duration / max(1, expected.frames)
        return replace(
            expected,
            end_tolerance=max(expected.end_tolerance, slack),
            sound_end_tolerance=expected.sound_end_tolerance + _OPUS_FRAME,
        )
    if video_format is VideoFormat.GIF:
        return replace(
            expected,
            frames=max(1, round(expected.duration * GIF_RATE)),
            frames_tolerance=1,
            frames_added=0,
            has_source_frames=False,
            end_tolerance=2 / GIF_RATE,
        )
    return expected
