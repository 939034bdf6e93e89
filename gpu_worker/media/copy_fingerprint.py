"""A fingerprint of a video's picture: videos that share it can be joined without encoding."""

from __future__ import annotations

import hashlib
from fractions import Fraction

from gpu_worker.media.info import Facts, VideoFacts

MAX_LATE_START = Fraction(1, 10)
"""Seconds before the first frame that no viewer notices. Where it comes later, the first frame is shown from 0."""


def copy_fingerprint(facts: Facts) -> str | None:
    """Return 16 hex digits that are equal for videos whose pictures can be joined packet by packet.

    None for a video that cannot be joined in this way: of another codec than H.264 and HEVC, in another container than
    MP4 and MOV, with a variable frame rate, with frames that an edit list hides, or cut off between keyframes.
    """
    video = facts.video
    if video is None or video.parameter_sets is None or not _is_regular(video):
        return None
    known = (
        *(video.codec, video.parameter_sets, video.width, video.height, video.sample_aspect, video.rotation),
        *(video.pix_fmt, video.color, video.is_interlaced, video.frame_rate, video.time_base),
    )
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def _is_regular(video: VideoFacts) -> bool:
    return (
        video.has_constant_rate
        and video.is_timed
        and video.starts_clean
        and video.hidden == 0
        and 0 <= video.start <= MAX_LATE_START
    )
