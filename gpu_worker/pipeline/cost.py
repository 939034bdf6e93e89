"""Refuse work that cannot be done within the limits, before an encode starts.

The rates are four times those that one core of a 2020s server reached with the easiest material, a gray film, so that
nothing is refused that any machine could do: single-threaded ffmpeg 9.0 decoded 970 million pixels of H.264 per second
(456 million of a real film), x264 veryfast encoded 215 million (76), a still was resampled at 400 million, and 19,000
frames of 16x16 pixels were decoded and encoded.
"""

from __future__ import annotations

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Role
from contract.options.inputs import role_of
from contract.options.output import MAX_GIF_SECONDS
from contract.options.picture.watermark import WATERMARK
from gpu_worker.errors import job_failed
from gpu_worker.plan.gpu import GpuStage
from gpu_worker.plan.model import Encoder, ExpectedOutput, Inputs, Plan

_DECODE_RATE, _ENCODE_RATE, _DRAW_RATE = 4e9, 860e6, 1.6e9
"""Pixels per second and core. `_DRAW_RATE` is that of the frames of a still."""

_FRAME_RATE = 75_000
"""Frames per second and core, of any size."""

_GPU_RATE = 8e9
"""Pixels per second that a GPU decodes or encodes, with all its units together."""

_MAX_FRAME_PIXELS = 139_264 * 256
"""The maximum of H.264 at its highest level, 6.2 (ITU-T H.264, table A-1)."""

_MAX_SIDE = 16_384
"""Pixels; libx264's maximum."""

_MAX_GIF_FRAMES = 20_000
"""Frames of a GIF used as a video: 13 minutes at 25 fps. A frame takes a few bytes only, so GIF is easy to abuse."""


def check_input_limits(inputs: Inputs, limits: Limits) -> None:
    """Raise JobFailed if an input is too long, has too large frames, or, as a GIF, too many of them."""
    for field, facts in inputs.media.items():
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
        if video is not None and facts.container == "gif" and video.frames > _MAX_GIF_FRAMES:
            raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{_MAX_GIF_FRAMES} frames of an animation")


def check_plan_cost(plan: Plan, inputs: Inputs, threads: int, limits: Limits, seconds_left: float) -> None:
    """Raise JobFailed if no machine with this many threads could execute the plan within the time limit.

    If only the `seconds_left` of this execution are too few, the media is not to blame.
    """
    if plan.video_mode == "copy" or plan.expected is None:
        return  # cheap; if it fails, the plan that encodes instead is checked
    fields = [field for field in inputs.photos if field != WATERMARK] if _is_drawn(plan) else _video_fields(inputs)
    seconds = sum(photo.width * photo.height for photo in inputs.photos.values()) / _DECODE_RATE / threads
    for number, one in enumerate(plan.with_others):
        if one.expected is not None:
            field = next(iter(fields[number:]), "")
            _check_size(one, one.expected, field)
            seconds += _min_core_seconds(one, one.expected, inputs, threads) / threads
    if seconds > limits.execution_seconds:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=next(iter(fields), ""), limit="too many frames of that size")
    if seconds > seconds_left:
        raise job_failed(Code.DEADLINE_EXCEEDED)


def _check_size(plan: Plan, expected: ExpectedOutput, field: str) -> None:
    width, height = expected.size
    if width * height > _MAX_FRAME_PIXELS or max(width, height) > _MAX_SIDE:
        limit = f"{_MAX_FRAME_PIXELS // 1_000_000} million pixels a frame, {_MAX_SIDE} a side"
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=limit)
    if plan.encoder is Encoder.GIF and expected.duration > MAX_GIF_SECONDS:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{MAX_GIF_SECONDS} s of a GIF")


def _is_drawn(plan: Plan) -> bool:
    return any(step.feed is not None for step in plan.steps)


def _video_fields(inputs: Inputs) -> list[str]:
    return [field for field in inputs.media if role_of(field) is Role.VIDEO]


def _min_core_seconds(plan: Plan, expected: ExpectedOutput, inputs: Inputs, threads: int) -> float:
    """Return the least time that the video takes, in seconds of one core."""
    frames = expected.frames
    output = expected.size[0] * expected.size[1] * frames
    gpu_rate = _GPU_RATE / threads  # all cores wait for it
    encode = output / (gpu_rate if GpuStage.ENCODE in plan.gpu else _ENCODE_RATE)
    rest = encode + frames / _FRAME_RATE
    if _is_drawn(plan):
        return output / _DRAW_RATE + rest
    tracks = (inputs.media[field].video for field in _video_fields(inputs))
    sizes = [video.width * video.height for video in tracks if video is not None]
    # Each frame comes from one of the videos, perhaps all from the smallest.
    read = min(sizes, default=0) * frames
    return read / (gpu_rate if GpuStage.DECODE in plan.gpu else _DECODE_RATE) + rest
