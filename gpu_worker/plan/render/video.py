"""Encode the picture of a video again."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.captions.added_frames import find_added_times, first_frame_filters
from gpu_worker.plan.cuda.graph import gpu_for_video, gpu_stages
from gpu_worker.plan.encode import gpu_for_format
from gpu_worker.plan.expected import as_format, has_edit_lists
from gpu_worker.plan.filters import picture_warnings
from gpu_worker.plan.gpu import ALL_STAGES, GpuStage, gpu_warnings
from gpu_worker.plan.model import ExpectedOutput, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.changes import UNCHANGED, PictureChanges
from gpu_worker.plan.render.route import route_video
from gpu_worker.plan.render.step import encode_step, plan_encode
from gpu_worker.plan.sound.part import sound_in_format


def render_video(
    video: VideoFacts, overlay: Overlay, options: PlanOptions, changes: PictureChanges = UNCHANGED
) -> Plan:
    """Encode a video's picture again, upright. Its frames and their times stay."""
    overlay = replace(overlay, sound=sound_in_format(overlay.sound, options.format))
    end = video.end if overlay.end is None else min(overlay.end, video.end)
    size = changes.size(video)
    drawn = overlay.draw(size, options)
    track = overlay.track(end)
    shown = None if drawn is None else drawn.shown
    added = find_added_times(video, shown, end)
    expected = ExpectedOutput(
        video_codec="h264",
        size=size,
        frames=_count_frames_before(video, end) + len(added),
        # Where times are estimates, a frame may already be at a time that gets one.
        frames_tolerance=1 if video.is_timed else 1 + len(added),
        frames_added=len(added),
        is_cut=end < video.end,
        duration=max(Fraction(0), end - video.start),
        end=end,
        end_tolerance=video.timing_slack,
        has_audio=overlay.sound.is_present,
        sound_end=overlay.sound.end,
        sound_end_tolerance=overlay.sound.end_tolerance,
        subtitles_end=None if track is None else track.end,
    )
    expected = as_format(expected, options.format)
    is_animated = drawn is not None and drawn.is_animated
    on_cpu = bool(added) or changes.is_changed
    gpu = gpu_for_video(gpu_for_format(options), video, shown, size, filters_on_cpu=on_cpu, is_animated=is_animated)
    route = route_video(video, shown, added, gpu_stages(gpu), options, changes)
    needed = ALL_STAGES if drawn is not None else ALL_STAGES - {GpuStage.DRAW}
    encode = replace(encode_step(route, overlay, track, expected, options), frame_size=(video.width, video.height))
    warnings = (*picture_warnings(video), *gpu_warnings(gpu, needed))
    plan = plan_encode((*changes.steps(), encode), expected, (drawn, track), route, warnings, options)
    plan = overlay.complete(plan, (drawn, track), end, size, options)
    # Filters that change the times of frames, or join several streams of them, lose the duration of the last one.
    loses_end = added or expected.is_cut or changes.is_changed or first_frame_filters(video)
    return replace(plan, video_ends_at=end) if loses_end and has_edit_lists(options.format) else plan


def _count_frames_before(video: VideoFacts, end: Fraction) -> int:
    if end >= video.end:
        return video.frames
    return sum(1 for time in video.packet_times if time * video.time_base < end) - video.hidden
