"""A sound under a video: the picture is copied, packet by packet, wherever MP4 players can show it."""

from __future__ import annotations

from fractions import Fraction

from contract.operations import AddAudio, AudioMode, Role
from gpu_worker.plan.encode import file_args
from gpu_worker.plan.facts import Facts, VideoFacts
from gpu_worker.plan.inputs import open_args
from gpu_worker.plan.render import Extras, render_video, seconds
from gpu_worker.plan.sound import Sound, sound_over_video
from gpu_worker.plan.steps import IN_AUDIO, IN_VIDEO, Expected, Means, Plan, Sources, Step

COPIED_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
"""What players find in MP4. ffmpeg would write others too (ffv1, for one), and nobody could watch them."""

_TIMED_CONTAINERS = frozenset({"mov", "matroska", "webm", "mpegts", "flv"})
"""Containers whose packets carry presentation times. AVI's do not, and MP4 needs them."""


def plan_addaudio(operation: AddAudio, sources: Sources, means: Means) -> Plan:
    """Put the new sound under the video. The result ends with the shorter of the two."""
    return lay_under(sources, operation.mode, operation.volume, means)


def lay_under(sources: Sources, mode: AudioMode, volume: float, means: Means) -> Plan:
    """The same for any operation that adds a sound and draws nothing."""
    video, new = sources.picture(), sources.new_sound()
    sound = sound_over_video(sources.own_sound(), new, mode, volume)
    end = min(video.end, new.end)
    if means.may_copy and sources.video is not None and _copyable(sources.video):
        return _copy(video, sound, end, means)
    return render_video(video, Extras(sound=sound, audio_input=True, end=end), means)


def _copyable(facts: Facts) -> bool:
    video = facts.video
    timed = not _TIMED_CONTAINERS.isdisjoint(facts.container.split(","))
    return timed and video is not None and video.codec in COPIED_CODECS


def _copy(video: VideoFacts, sound: Sound, end: Fraction, means: Means) -> Plan:
    packets = len(video.packet_times) if end >= video.end else _packets_to(video, end)
    tag = ("-tag:v", "hvc1") if video.codec == "hevc" else ()  # Apple's players know HEVC by no other name
    whole = packets >= len(video.packet_times)
    # Not -frames:v: ffmpeg 5 would end the sound there too. This filter alters no packet, it only drops the rest.
    limit = () if whole else ("-bsf:v", f"noise=drop='gte(n,{packets})'")
    graph = ("-filter_complex", sound.graph) if sound.graph else ()
    duration = video.duration if whole else sorted(video.packet_times)[packets] * video.time_base - video.start
    args = (
        *open_args(Role.VIDEO, IN_VIDEO, means.max_pixels),
        *open_args(Role.AUDIO, IN_AUDIO, means.max_pixels),
        *graph,
        *("-map", "0:V:0", "-c:v", "copy", *tag, *limit),
        *sound.args,
        *("-t", seconds(max(end, video.start + duration))),
        *file_args(means),
    )
    frames = video.frames if whole else packets - video.hidden
    expected = Expected(
        video_codec=video.codec,
        size=video.display_size,
        frames=frames,
        frames_off=1,
        duration=duration,
        duration_off=video.timing_slack,
        has_audio=True,
    )
    return Plan((Step(args, float(end)),), expected, "copy", None)


def _packets_to(video: VideoFacts, end: Fraction) -> int:
    """How many packets, in decode order, make the closed run that ends nearest to `end`.

    A run is closed when it holds exactly the earliest frames: cut anywhere else, a copied video
    has holes where later frames were stored before earlier ones, or lacks a frame others refer to.
    """
    order = sorted(video.packet_times)
    wanted = sum(1 for time in order if time * video.time_base < end)
    best, latest = len(order), -1
    for count, time in enumerate(video.packet_times, start=1):
        latest = max(latest, time) if count > 1 else time
        if latest == order[count - 1] and abs(count - wanted) < abs(best - wanted):
            best = count
    return best
