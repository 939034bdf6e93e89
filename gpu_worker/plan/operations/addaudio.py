"""A sound under a video: the picture is copied, packet by packet, wherever MP4 players can show it.

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
"""What players find in MP4, and in which pixels. ffmpeg would write others too (ffv1, for one), and nobody could watch
them: browsers and phones decode H.264 in 8-bit 4:2:0 only, the younger codecs in 10 bits as well."""

_TIMED_CONTAINERS = frozenset({"mov", "matroska", "webm", "mpegts", "flv"})
"""Containers whose packets carry presentation times, as a rule. AVI's do not, and MP4 needs them."""

_REORDERED = 32
"""Packets that may still be copied behind the last one that is shown: no codec puts frames off by more."""

_COARSEST_SCALE = 1000
"""Units a second that are fine enough to end a sound with a picture."""


def plan(operation: AddAudio, sources: Inputs, means: PlanOptions) -> Plan:
    """Put the new sound under the video. The result ends with the shorter of the two."""
    return replace_or_mix_audio(sources, operation.mode, operation.volume, means)


def replace_or_mix_audio(sources: Inputs, mode: AudioMode, volume: float, means: PlanOptions) -> Plan:
    """The same for any operation that adds a sound and draws nothing."""
    video, new = sources.picture(), sources.new_sound()
    end = min(video.end, new.end)
    sound = combine_sounds(sources.own_sound(), new, mode, volume, end)
    if means.may_copy and sources.video is not None and _copyable(sources.video) and end > video.start:
        return _copy(sources.video, video, sound, end, means)
    return render_video(video, Overlay(sound=sound, audio_input=True, end=end), means)


def _copyable(facts: Facts) -> bool:
    video = facts.video
    containers = set(facts.container.split(","))
    if video is None or containers.isdisjoint(_TIMED_CONTAINERS) or not (video.timed and video.starts_clean):
        return False
    # In a transport stream each field may be a packet of its own, which MP4 does not know.
    fields = video.interlaced and "mpegts" in containers
    return not fields and video.pix_fmt in COPIED.get(video.codec, ())


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is shown of a video up to `end`, in seconds: `frames`, and when, in the video's time base.

    The last frame starts at `last`, the first moment not shown is `stop`. Frames from beyond that are copied with
    the others come at least `gap` after each other.
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
    copied = video.packet_times[: shown[-1][0] + 1 + _REORDERED]
    beyond = sorted(time for time in copied if time >= stop)
    gaps = (after - before for before, after in pairwise((stop, *beyond)))
    return _Cut(end, len(shown), max(time for _, time in shown), stop, min(filter(None, gaps), default=1))


def _copy(facts: Facts, video: VideoFacts, sound: Sound, end: Fraction, means: PlanOptions) -> Plan:
    scale = _time_scale(video.time_base)
    cut = _cut(video, end, scale)
    tag = ("-tag:v", "hvc1") if video.codec == "hevc" else ()  # Apple's players know HEVC by no other name
    args = (
        # Ends with the first packet that is decoded after that moment: all that is shown comes before.
        *("-t", seconds(cut.end + Fraction(1, 1000))),
        *_undecoded(facts.container, video),
        *open_args(Role.VIDEO, IN_VIDEO, means.max_pixels),
        *(() if sound.graph else ("-t", seconds(cut.end))),
        *open_args(Role.AUDIO, IN_AUDIO, means.max_pixels),
        *sound.decoding,
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", f"0:{video.selector}", "-c:v", "copy", *tag, "-bsf:v", _retimed(cut)),
        # One unit for all durations, so that none is rounded.
        *("-video_track_timescale", str(scale), "-movie_timescale", str(scale)),
        *sound.args,
        *output_args(means),
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


def _undecoded(container: str, video: VideoFacts) -> tuple[str, ...]:
    """Spares ffmpeg the frames it decodes to get to know a stream, where the container tells all that a copy needs.

    A shape of pixels may be told by the stream alone.
    """
    told = "mov" in container.split(",") and video.codec in {"h264", "hevc"} and video.sample_aspect == 1
    return ("-skip_frame", "all") if told else ()


def _retimed(cut: _Cut) -> str:
    """A bit stream filter that moves frames from beyond the end to just behind it.

    Frames that are shown refer to some of them, so they stay. The edit list hides them, and players that take the
    latest packet for the end are off by a few ticks only. Their order stays and no two times are the same, because
    browsers know a hidden frame by its time.
    """
    pts = f"if(lt(PTS,{cut.stop}),PTS,{cut.stop}+floor((PTS-{cut.stop})/{cut.gap}))"
    duration = f"if(lt(PTS,{cut.last}),DURATION,max(DURATION,{cut.stop}-PTS))"
    return f"setts=pts='{pts}':duration='{duration}'"


def _time_scale(time_base: Fraction) -> int:
    """Units a second for the output: the video's own, so that every time stays what it was, or a multiple of it."""
    scale = time_base.denominator
    while scale < _COARSEST_SCALE:
        scale *= 2
    return scale
