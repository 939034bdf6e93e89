"""Copy a video's picture, packet by packet: whole, or under another sound and ended at an exact frame.

The frames of the output are those of the video that begin before its end, each at its own time; the last one is shown
until then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from contract.operations import Role
from gpu_worker.media.info import Facts, VideoFacts
from gpu_worker.plan.captions.files.track import SubtitleTrack
from gpu_worker.plan.encode import format_seconds, output_args
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.plan.model import IN_VIDEO, VIDEO, ExpectedOutput, Plan, PlanOptions, Step
from gpu_worker.plan.sound.part import Sound, input_fields, open_sounds

_PLAIN = frozenset({"yuv420p", "yuvj420p"})
_DEEP = _PLAIN | {"yuv420p10le"}

COPIED_FORMATS: dict[str, frozenset[str]] = {
    "h264": _PLAIN,
    "mpeg4": _PLAIN,
    "hevc": _DEEP,
    "vp9": _DEEP,
    "av1": _DEEP,
}
"""The codecs and pixel formats that players decode in MP4. ffmpeg would write others too (ffv1, for one), but browsers
and phones decode H.264 in 8-bit 4:2:0 only, and the younger codecs in 10 bits as well."""

_TIMED_CONTAINERS = frozenset({"mov", "matroska", "webm", "mpegts", "flv"})
"""Containers whose packets usually carry presentation times, which MP4 needs. AVI's do not."""

MAX_REORDERED = 32
"""Packets that may still be copied after the last one that is shown: no codec moves frames by more."""

_MIN_TIME_SCALE = 1000
"""Units per second that are fine enough to end a sound together with a picture."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """The part of a video before `end`, in seconds: `frames`, and their times in the video's time base.

    The last frame starts at `last`; `stop` is the first time not shown. Frames after `stop` that are copied with the
    others are at least `gap` apart.
    """

    end: Fraction
    frames: int
    last: int
    stop: int
    gap: int


def is_copyable(facts: Facts) -> bool:
    """Return True if MP4 can hold the video's packets and players can decode them."""
    video = facts.video
    containers = set(facts.container.split(","))
    if video is None or containers.isdisjoint(_TIMED_CONTAINERS) or not (video.is_timed and video.starts_clean):
        return False
    # In a transport stream each field may be a packet of its own, which MP4 does not allow.
    has_fields = video.is_interlaced and "mpegts" in containers
    return not has_fields and video.pix_fmt in COPIED_FORMATS.get(video.codec, ())


def copy_video(
    facts: Facts,
    video: VideoFacts,
    sound: Sound,
    end: Fraction,
    options: PlanOptions,
    track: SubtitleTrack | None = None,
) -> Plan:
    """Copy the picture track `video` of `facts` up to `end`, in seconds, with a sound that ends there."""
    cut = _cut(video, end, time_scale(video.time_base))
    inputs = (
        # ffmpeg stops at the first packet that is decoded after this time; all packets that are shown come before it.
        *("-t", format_seconds(cut.end + Fraction(1, 1000))),
        *skip_decoding_args(facts.container, video),
        *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
        *open_sounds(sound.inputs, options.max_pixels, () if sound.graph else ("-t", format_seconds(cut.end))),
    )
    expected = replace(_expect(video, cut, track), has_audio=True, sound_end=cut.end)
    plan = _copy(inputs, video, cut, sound, expected, options, track)
    return replace(plan, ends_at=cut.end)


def copy_whole_video(
    facts: Facts, video: VideoFacts, sound: Sound, options: PlanOptions, track: SubtitleTrack | None
) -> Plan:
    """Copy the picture track `video` of `facts` with a sound that may last longer."""
    cut = _cut(video, video.end, time_scale(video.time_base))
    inputs = (
        *MAX_DURATION_ARGS,
        *skip_decoding_args(facts.container, video),
        *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
        *open_sounds(sound.inputs, options.max_pixels),
    )
    expected = replace(
        _expect(video, cut, track),
        has_audio=sound.is_present,
        sound_end=sound.end,
        sound_end_tolerance=sound.end_tolerance,
    )
    plan = _copy(inputs, video, cut, sound, expected, options, track)
    return replace(plan, video_ends_at=cut.end)


def _expect(video: VideoFacts, cut: _Cut, track: SubtitleTrack | None) -> ExpectedOutput:
    return ExpectedOutput(
        video_codec=video.codec,
        size=video.display_size,
        frames=cut.frames,
        frames_tolerance=0,
        duration=cut.end - video.start,
        end=cut.end,
        end_tolerance=Fraction(1, 1000),
        has_audio=False,
        subtitles_end=None if track is None else track.end,
    )


def _copy(
    inputs: tuple[str, ...],
    video: VideoFacts,
    cut: _Cut,
    sound: Sound,
    expected: ExpectedOutput,
    options: PlanOptions,
    track: SubtitleTrack | None,
) -> Plan:
    """Copy what `inputs` open; the track is the input after them."""
    scale = str(time_scale(video.time_base))
    tag = ("-tag:v", "hvc1") if video.codec == "hevc" else ()  # Apple's players recognize HEVC by this tag only
    args = (
        *inputs,
        *(() if track is None else track.input_args),
        *sound.decoding,
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", f"0:{video.selector}", "-c:v", "copy", *tag, "-bsf:v", _retiming_filter(cut)),
        # One unit for all durations, so that none is rounded.
        *("-video_track_timescale", scale, "-movie_timescale", scale),
        *sound.args,
        *(() if track is None else track.output_args(inputs.count("-i"))),
        *output_args(options, has_subtitles=track is not None),
    )
    files = {} if track is None else track.files
    fields = (VIDEO, *input_fields(sound.inputs)) if len(sound.inputs) > 1 else ()
    return Plan((Step(args, float(cut.end), fields=fields),), expected, "copy", None, files)


def _cut(video: VideoFacts, end: Fraction, scale: int) -> _Cut:
    end = Fraction(math.ceil(end * scale), scale)
    start, stop = math.ceil(video.start / video.time_base), math.ceil(end / video.time_base)
    shown = [(index, time) for index, time in enumerate(video.packet_times) if start <= time < stop]
    copied = video.packet_times[: shown[-1][0] + 1 + MAX_REORDERED]
    hidden = sorted(time for time in copied if time >= stop)
    gaps = (after - before for before, after in pairwise((stop, *hidden)))
    return _Cut(end, len(shown), max(time for _, time in shown), stop, min(filter(None, gaps), default=1))


def skip_decoding_args(container: str, video: VideoFacts) -> tuple[str, ...]:
    """Return options that spare ffmpeg decoding frames to probe a stream, if the container has all that a copy needs.

    The pixel aspect ratio may be in the stream only.
    """
    is_described = "mov" in container.split(",") and video.codec in {"h264", "hevc"} and video.sample_aspect == 1
    return ("-skip_frame", "all") if is_described else ()


def _retiming_filter(cut: _Cut) -> str:
    """Return a bit stream filter that moves frames from after the end to just after it.

    Shown frames refer to some of them, so they stay. The edit list hides them, and players that take the latest packet
    for the end are off by a few ticks only. Their order stays and no two times are equal, because browsers identify a
    hidden frame by its time.
    """
    pts = f"if(lt(PTS,{cut.stop}),PTS,{cut.stop}+floor((PTS-{cut.stop})/{cut.gap}))"
    duration = f"if(lt(PTS,{cut.last}),DURATION,max(DURATION,{cut.stop}-PTS))"
    return f"setts=pts='{pts}':duration='{duration}'"


def time_scale(time_base: Fraction) -> int:
    """Return the output's units per second: those of the video, so that no time changes, or a multiple of them."""
    scale = time_base.denominator
    while scale < _MIN_TIME_SCALE:
        scale *= 2
    return scale
