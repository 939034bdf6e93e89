"""Refusing work that cannot be done within the limits, before it costs anything."""

from __future__ import annotations

from contract.errors import Code
from contract.limits import Limits
from gpu_worker.errors import failed
from gpu_worker.plan.steps import Plan, Sources

FASTEST_PIXELS_PER_SECOND = 1_000_000_000
"""More than the hardware in use encodes: about twenty times real time at 1080p24."""


def check_sources(sources: Sources, limits: Limits) -> None:
    """Raise JobFailed if an input is too long, or a picture of it too large."""
    for field, facts in (("url_video", sources.video), ("url_image", sources.image), ("url_audio", sources.audio)):
        if facts is None:
            continue
        tracks = [track for track in (facts.video, facts.audio) if track is not None]
        if any(track.end - track.start > limits.max_media_seconds for track in tracks):
            raise failed(
                Code.MEDIA_OVER_BUDGET, field=field, limit=f"{limits.max_media_seconds / 60:g} minutes of media"
            )
        video = facts.video
        if video is not None and video.width * video.height > limits.max_pixels:
            limit = f"{limits.max_pixels // 1_000_000} million pixels a picture"
            raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit=limit)


def check_plan(plan: Plan, limits: Limits) -> None:
    """Raise JobFailed if no machine could encode that many pixels in the time there is."""
    if plan.video_mode == "copy":
        return
    width, height = plan.expected.size
    if width * height * plan.expected.frames > FASTEST_PIXELS_PER_SECOND * limits.execution_seconds:
        raise failed(Code.MEDIA_OVER_BUDGET, limit="too many frames of that size")
