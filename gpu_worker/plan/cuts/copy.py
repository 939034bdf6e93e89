"""Copy a part of a video: from the keyframe before it, which an edit list hides, to its last frame.

Players decode the hidden frames, because shown ones refer to them. Those few players that ignore edit lists show a
little more at both ends, with the sound still in time.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from contract.operations import Role
from gpu_worker.media.info import Facts, VideoFacts
from gpu_worker.plan.cuts.parts import Part
from gpu_worker.plan.cuts.sound import copy_sound
from gpu_worker.plan.cuts.window import window_args
from gpu_worker.plan.encode import output_args
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import IN_VIDEO, ExpectedOutput, Plan, PlanOptions, Step
from gpu_worker.plan.stream_copy import MAX_REORDERED, skip_decoding_args, time_scale

_MAX_HIDDEN = Fraction(20)
"""Seconds of hidden frames: a player decodes them before it shows the first one."""

_SEEK_MARGIN = {"mov": Fraction(1, 1000)}
_OTHER_SEEK_MARGIN = Fraction(3, 23) + Fraction(1, 100)
"""Seconds after a keyframe to seek to. Without an index of presentation times, ffmpeg seeks 3/23 s earlier."""


def find_keyframe(video: VideoFacts, part: Part) -> int | None:
    """Return the index of the packet from which a part can be copied; None if there is none close enough.

    No frame after it in the file is shown before it: such frames refer to earlier ones (open GOP). Only decoders of
    HEVC are required to leave these out (ITU-T H.265, RASL pictures); here they are hidden frames.
    """
    times = video.packet_times
    earliest = part.start - _MAX_HIDDEN
    best: int | None = None
    for index, (time, key) in enumerate(zip(times, video.keys, strict=False)):
        if not key or not earliest <= time * video.time_base or time > part.first:
            continue
        if video.codec == "hevc" or min(times[index : index + MAX_REORDERED]) == time:
            best = index
    return best


def copy_part(facts: Facts, video: VideoFacts, part: Part, keyframe: int, options: PlanOptions) -> Plan:
    """Copy one part from the packet with the index `keyframe` on, as `find_keyframe` returns it."""
    base, scale = video.time_base, time_scale(video.time_base)
    key_time = video.packet_times[keyframe] * base
    sound, sound_input = copy_sound(facts, part, key_time, 1, options)
    seek = key_time + _SEEK_MARGIN.get(facts.container.split(",")[0], _OTHER_SEEK_MARGIN)
    tag = ("-tag:v", "hvc1") if video.codec == "hevc" else ()
    args = (
        # The times of the file stay until the filters of packets change them, so that none is rounded.
        *("-copyts", "-start_at_zero"),
        *window_args(seek, part.end + Fraction(1, 1000)),
        *skip_decoding_args(facts.container, video),
        *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
        *sound_input,
        *sound.decoding,
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", f"0:{video.selector}", "-c:v", "copy", *tag, "-bsf:v", _shift_filter(video, part, keyframe)),
        *("-video_track_timescale", str(scale), "-movie_timescale", str(scale)),
        *sound.args,
        *output_args(options),
    )
    expected = ExpectedOutput(
        video_codec=video.codec,
        size=video.display_size,
        frames=part.frames,
        frames_tolerance=0,
        duration=part.duration,
        end=part.duration,
        end_tolerance=Fraction(1, 1000),
        has_audio=sound.is_present,
        sound_end=sound.end,
        sound_end_tolerance=sound.end_tolerance,
    )
    plan = Plan((Step(args, float(part.duration)),), expected, "copy", None)
    return replace(plan, ends_at=part.duration)


def _shift_filter(video: VideoFacts, part: Part, keyframe: int) -> str:
    """Return a bit stream filter that moves the start of the part to 0.

    A first frame that is cut begins there, too. Frames from after the end move to just after it, as in a copy that is
    only ended.
    """
    origin, stop = (math.ceil(time / video.time_base) for time in (part.start, part.end))
    times = video.packet_times[keyframe:]
    last = max(index for index, time in enumerate(times) if part.first <= time < stop)
    hidden = sorted(time for time in times[: last + 1 + MAX_REORDERED] if time >= stop)
    gap = min(filter(None, (after - before for before, after in pairwise((stop, *hidden)))), default=1)
    final = max(time for time in times if time < stop)
    shown = f"if(eq(PTS,{part.first}),0,PTS-{origin})" if part.first < origin else f"PTS-{origin}"
    pts = f"if(lt(PTS,{stop}),{shown},{stop - origin}+floor((PTS-{stop})/{gap}))"
    duration = f"if(lt(PTS,{final}),DURATION,max(DURATION,{stop}-PTS))"
    return f"setts=pts='{pts}':dts='DTS-{origin}':duration='{duration}'"
