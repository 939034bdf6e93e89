"""Frames added to a video where it has none: where a caption changes, or the video is cut, far from any frame.

A caption is drawn into frames. A slideshow of one frame in four seconds, or a screen recording that pauses while
nothing moves, has no frame at the moment a caption begins or ends; so the frame before is repeated there.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from operator import sub

from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.plan.captions.layout import hundredths

CLOCK = 90_000
"""Units a second of the times here: MPEG's clock, which holds a hundredth of a second and all usual frames exactly."""

_FAR = CLOCK // 10
"""Frames further apart leave room for others. Of a faster video no viewer sees a caption come late."""

_MOST_HELD_BACK = 2
"""Frames that a decoder keeps to reorder them, as a rule. If the first comes later still, the video paused there."""

_LAST = CLOCK // 100
"""The time before the end at which the last frame is shown again."""

_MOST_TIMES = 4000
"""An expression of 4,000 times has less than 100 KB; Linux allows 128 KiB in one argument."""

_MARKER = 16
"""Side of the picture that marks the times. It is put next to the frames and cut off again."""


def first_frame_filters(video: VideoFacts) -> tuple[str, ...]:
    """Filters that give the first frame its time: that of its packet, or 0 if the video would begin late.

    Players differ in what they show before the first frame, and some start the sound with it.
    """
    if video.starts_untimed:
        begin, most = float(_begin(video)), float(_MOST_HELD_BACK / video.frame_rate)
        held_back = f"min(STARTPTS-{begin:.6f}/TB,{most:.6f}/TB)"
        return (f"setpts='if(eq(N,0),{begin:.6f}/TB,PTS-{held_back})'",)
    if has_late_start(video):
        return (f"setpts='if(eq(N,0),{float(_begin(video)):.6f}/TB,PTS)'",)
    return ()


def has_late_start(video: VideoFacts) -> bool:
    """True if the first frame that can be decoded is shown later than the video begins, or may be."""
    return not video.starts_clean or video.start * CLOCK > _FAR


def _begin(video: VideoFacts) -> Fraction:
    return Fraction(0) if video.start * CLOCK > _FAR else video.start


def find_added_times(video: VideoFacts, cues: Sequence[Cue] | None, end: Fraction) -> tuple[int, ...]:
    """Return when frames are to be added before `end`, in 1/90000 s and in order.

    If captions change too often between frames for one command line, there is a time every tenth of a second.
    """
    cut = end < video.end
    if not (cues or cut):
        return ()
    tick = video.time_base * CLOCK
    ticks, parts = tick.numerator, tick.denominator
    stop = math.ceil(end * CLOCK)
    # Whole numbers, because there may be a million of them.
    frames = sorted({moment for time in video.packet_times if (moment := time * ticks // parts) < stop})
    if has_late_start(video) and frames:
        frames[0] = min(frames[0], round(_begin(video) * CLOCK))
    if not frames or max(map(sub, [*frames[1:], stop], frames)) <= _FAR:
        return ()
    changes = {hundredths(time) * CLOCK // 100 for cue in cues or () for time in (cue.start_ms, cue.end_ms)}
    found = {time for time in changes if _is_far_from_frames(time, frames, stop)}
    if not found and not (cut and stop - frames[-1] > _FAR):
        return ()
    if len(found) > _MOST_TIMES:
        found = set(range(frames[0], stop, _FAR)) - set(frames)
    if stop - frames[-1] > _FAR:
        # The encoder guesses the length of the last frame: that of this one cannot be far off.
        found.add(stop - _LAST)
    return tuple(sorted(found))


def _is_far_from_frames(time: int, frames: Sequence[int], stop: int) -> bool:
    """True for a time between two frames that are far apart, or between the last one and the end."""
    after = bisect_right(frames, time)
    if after == 0 or time >= stop:
        return False
    return frames[after - 1] != time and (frames[after] if after < len(frames) else stop) - frames[after - 1] > _FAR


def add_frames(times: Sequence[int], frames: str, result: str) -> str:
    """A filter graph from `[frames]` to `result`, a chain without its label: at each of `times` the last frame again.

    `xstack` gives a frame whenever one of its inputs does, and repeats the other's last one. It begins when both have
    begun, so the times begin with 0.
    """
    source = f"color=c=black:s={_MARKER}x{_MARKER}"
    if len(times) > _MOST_TIMES:
        clock = f"{source}:r={CLOCK // _FAR}:d={times[-1] / CLOCK:.6f},settb=1/{CLOCK}"
    else:
        clock = f"{source}:r=1:d={len(times) + 1},settb=1/{CLOCK},setpts='{lookup((0, *times))}'"
    return (
        f"{frames},settb=1/{CLOCK}[frames];{clock},format=yuv420p[times];"
        f"[frames][times]xstack=inputs=2:layout=0_0|w0_0,crop=iw-{_MARKER}:ih:0:0,{result}"
    )


def lookup(values: Sequence[int], first: int = 0) -> str:
    """An expression that gives the Nth of the values, N being the number of a frame."""
    if len(values) == 1:
        return str(values[0])
    half = len(values) // 2
    return f"if(lt(N,{first + half}),{lookup(values[:half], first)},{lookup(values[half:], first + half)})"
