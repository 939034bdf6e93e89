"""Refusing work that cannot be done within the limits, before it costs anything.

The rates are four times what one core of a 2020s server did on the easiest material there is, a grey
film, so that nothing is refused that any machine could do: single-threaded ffmpeg 9.0 decoded
970 million pixels of H.264 a second (456 of a real film), x264 veryfast encoded 215 million (76),
a still was resampled at 400 million, and 19,000 frames of 16x16 pixels were decoded and encoded.
"""

from __future__ import annotations

from contract.errors import Code
from contract.limits import Limits
from gpu_worker.errors import job_failed
from gpu_worker.plan.gpu import GpuStage
from gpu_worker.plan.model import Inputs, Plan

_DECODED, _ENCODED, _DRAWN = 4e9, 860e6, 1.6e9
"""Pixels per second and core. `_DRAWN` holds for the frames of a still."""

_FRAMES = 75_000
"""Frames per second and core, however small."""

_GPU = 8e9
"""Pixels per second that a GPU decodes or encodes, all its units together."""

_LARGEST_FRAME = 139_264 * 256
"""Pixels. The most that H.264 allows at its highest level, 6.2 (ITU-T H.264, table A-1)."""

_LONGEST_SIDE = 16_384
"""Pixels. libx264 takes no more."""

_MOST_DRAWINGS = 20_000
"""Frames of a GIF used as a video: thirteen minutes. A format that needs next to nothing for one is cheap to abuse."""


def check_inputs_within_limits(sources: Inputs, limits: Limits) -> None:
    """Raise JobFailed if an input is too long, or a picture of it too large, or too many pictures in one."""
    for field, facts in (("url_video", sources.video), ("url_audio", sources.audio)):
        if facts is None:
            continue
        tracks = [track for track in (facts.video, facts.audio) if track is not None]
        if any(track.start > limits.max_media_seconds for track in tracks):
            raise job_failed(
                Code.MEDIA_UNSUPPORTED, field=field, format="timestamps that begin hours after the file does"
            )
        if any(track.end - track.start > limits.max_media_seconds for track in tracks):
            raise job_failed(
                Code.MEDIA_OVER_BUDGET, field=field, limit=f"{limits.max_media_seconds / 60:g} minutes of media"
            )
        video = facts.video
        if video is not None and video.width * video.height > limits.max_pixels:
            limit = f"{limits.max_pixels // 1_000_000} million pixels a picture"
            raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=limit)
        if video is not None and facts.container == "gif" and video.frames > _MOST_DRAWINGS:
            raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{_MOST_DRAWINGS} frames of an animation")


def check_plan(plan: Plan, sources: Inputs, threads: int, limits: Limits, seconds_left: float) -> None:
    """Raise JobFailed if no machine with that many threads could do it in the time of one execution.

    If it could, and only the `seconds_left` of this one are too few, the media is not to blame.
    """
    if plan.video_mode == "copy":
        return  # cheap; if it fails, the plan that encodes instead is checked
    field = "url_image" if sources.image is not None else "url_video"
    width, height = plan.expected.size
    if width * height > _LARGEST_FRAME or max(width, height) > _LONGEST_SIDE:
        limit = f"{_LARGEST_FRAME // 1_000_000} million pixels a frame, {_LONGEST_SIDE} a side"
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=limit)
    seconds = _core_seconds(plan, sources, threads) / threads
    if seconds > limits.execution_seconds:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit="too many frames of that size")
    if seconds > seconds_left:
        raise job_failed(Code.DEADLINE_EXCEEDED)


def _core_seconds(plan: Plan, sources: Inputs, threads: int) -> float:
    """What the plan costs at the very least, in seconds of one core."""
    frames = plan.expected.frames
    made = plan.expected.size[0] * plan.expected.size[1] * frames
    gpu = _GPU / threads  # all cores wait for it
    encoded = made / (gpu if GpuStage.ENCODE in plan.gpu else _ENCODED)
    if sources.image is not None:
        still = sources.still()
        return still.width * still.height / _DECODED + made / _DRAWN + encoded + frames / _FRAMES
    video = sources.picture()
    read = video.width * video.height * frames
    return read / (gpu if GpuStage.DECODE in plan.gpu else _DECODED) + encoded + frames / _FRAMES
