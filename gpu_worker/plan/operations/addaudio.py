"""Put a sound under a video. The picture is copied packet by packet wherever MP4 players can show it.

The result ends where the shorter of the two ends. Its frames are those of the video that begin before that moment,
each at its own time; the last one is shown until then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from contract.operations import AudioMode, Role
from contract.operations.addaudio import AddAudio
from gpu_worker.media.info import Facts, VideoFacts
from gpu_worker.plan.audio import Sound, combine_sounds
from gpu_worker.plan.encode import output_args
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import IN_AUDIO, IN_VIDEO, ExpectedOutput, Inputs, Plan, PlanOptions, Step
from gpu_worker.plan.render import Overlay, render_video, seconds

_PLAIN = frozenset({"yuv420p", "yuvj420p"})
_DEEP = _PLAIN | {"yuv420p10le"}

COPIED: dict[str, frozenset[str]] = {"h264": _PLAIN, "mpeg4": _PLAIN, "hevc": _DEEP, "vp9": _DEEP, "av1": _DEEP}
"""Codecs that are copied, and their pixel formats. ffmpeg would also write others, such as ffv1, but browsers and
phones decode H.264 in 8-bit 4:2:0 only, and the newer codecs in 10 bits as well."""

_TIMED_CONTAINERS = frozenset({"mov", "matroska", "webm", "mpegts", "flv"})
"""Containers whose packets usually carry presentation times, which MP4 needs. Those of AVI do not."""

_MAX_REORDERED = 32
"""Packets that may be copied after the last one that is shown: no codec delays frames by more."""

_MIN_TIME_SCALE = 1000
"""Units per second that are fine enough to end a sound together with a picture."""


def plan(operation: AddAudio, inputs: Inputs, options: PlanOptions) -> Plan:
    """Put the new sound under the video. The result ends with the shorter of the two."""
    return replace_or_mix_audio(inputs, operation.mode, operation.volume, options)


def replace_or_mix_audio(inputs: Inputs, mode: AudioMode, volume: float, options: PlanOptions) -> Plan:
    """Plan any operation that adds a sound and draws nothing."""
    video, new = inputs.picture(), inputs.new_sound()
    end = min(video.end, new.end)
    sound = combine_sounds(inputs.own_sound(), new, mode, volume, end)
    if options.may_copy and inputs.video is not None and _is_copyable(inputs.video) and end > video.start:
        return _copy(inputs.video, video, sound, end, options)
    return render_video(video, Overlay(sound=sound, audio_input=True, end=end), options)


def _is_copyable(facts: Facts) -> bool:
    video = facts.video
    containers = set(facts.container.split(","))
    if video is None or containers.isdisjoint(_TIMED_CONTAINERS) or not (video.timed and video.starts_clean):
        return False
    # In a transport stream each field may be a packet of its own, which MP4 does not support.
    has_field_packets = video.interlaced and "mpegts" in containers
    return not has_field_packets and video.pix_fmt in COPIED.get(video.codec, ())


@dataclass(frozen=True, slots=True)
class _Cut:
    """The part of a video that is shown up to `end`, in seconds. The other times are in the video's time base.

    The last of the `frames` starts at `last`; the first moment not shown is `stop`. Frames after `stop` that are copied
    with the others are at least `gap` apart.
    """

    end: Fraction
    frames: int
    last: int
    stop: int
    gap: int


def _cut(video: VideoFacts, end: Fraction, scale: int) -> _Cut:
    end = Fraction(math.ceil(end * scale), scale)
    start, stop = math.ceil(video.start / video.time_base), math.ceil(end / video.time_base)
    shown = [(index, time) for index, time in enumerate(video.packet_times) if start <= time < stop]
    copied = video.packet_times[: shown[-1][0] + 1 + _MAX_REORDERED]
    hidden = sorted(time for time in copied if time >= stop)
    gaps = (after - before for before, after in pairwise((stop, *hidden)))
    return _Cut(end, len(shown), max(time for _, time in shown), stop, min(filter(None, gaps), default=1))


def _copy(facts: Facts, video: VideoFacts, sound: Sound, end: Fraction, options: PlanOptions) -> Plan:
    scale = _time_scale(video.time_base)
    cut = _cut(video, end, scale)
    tag = ("-tag:v", "hvc1") if video.codec == "hevc" else ()  # Apple's players accept HEVC under no other tag
    args = (
        # Ends with the first packet that is decoded after that moment: every frame that is shown comes before it.
        *("-t", seconds(cut.end + Fraction(1, 1000))),
        *_skip_decoding_args(facts.container, video),
        *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
        *(() if sound.graph else ("-t", seconds(cut.end))),
        *open_args(Role.AUDIO, IN_AUDIO, options.max_pixels),
        *sound.decoding,
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", f"0:{video.selector}", "-c:v", "copy", *tag, "-bsf:v", _retime_filter(cut)),
        # One unit for all durations, so that none is rounded.
        *("-video_track_timescale", str(scale), "-movie_timescale", str(scale)),
        *sound.args,
        *output_args(options),
    )
    expected = ExpectedOutput(
        video_codec=video.codec,
        size=video.display_size,
        frames=cut.frames,
        frames_tolerance=0,
        duration=cut.end - video.start,
        end=cut.end,
        end_tolerance=Fraction(1, 1000),
        has_audio=True,
        sound_end=cut.end,
    )
    return Plan((Step(args, float(cut.end)),), expected, "copy", None, ends_at=cut.end)


def _skip_decoding_args(container: str, video: VideoFacts) -> tuple[str, ...]:
    """Skip the frames that ffmpeg decodes to analyze a stream, if the container states all that a copy needs.

    A pixel aspect ratio may be stated in the stream only.
    """
    is_described = "mov" in container.split(",") and video.codec in {"h264", "hevc"} and video.sample_aspect == 1
    return ("-skip_frame", "all") if is_described else ()


def _retime_filter(cut: _Cut) -> str:
    """Return a bitstream filter that moves frames from after the end to just behind it.

    Frames that are shown refer to some of them, so they stay. The edit list hides them, and players that use the
    latest packet as the end are off by a few ticks only. Their order stays and no two times are equal, because
    browsers identify a hidden frame by its time.
    """
    pts = f"if(lt(PTS,{cut.stop}),PTS,{cut.stop}+floor((PTS-{cut.stop})/{cut.gap}))"
    duration = f"if(lt(PTS,{cut.last}),DURATION,max(DURATION,{cut.stop}-PTS))"
    return f"setts=pts='{pts}':duration='{duration}'"


def _time_scale(time_base: Fraction) -> int:
    """Return the units per second of the output: those of the video or a multiple, so that every time stays exact."""
    scale = time_base.denominator
    while scale < _MIN_TIME_SCALE:
        scale *= 2
    return scale
