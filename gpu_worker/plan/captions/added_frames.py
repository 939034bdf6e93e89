"""Add frames to a video where a caption changes, or the video is cut, far from any frame.

Captions are drawn into frames. A slideshow of one frame every four seconds, or a screen recording that pauses while
nothing moves, has no frame when a caption begins or ends; so the previous frame is repeated at that time.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from operator import sub

from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.plan.captions.ass_script import to_centiseconds

_CLOCK = 90_000
"""Units per second: MPEG's clock, which represents centiseconds and all common frame durations exactly."""

_MAX_GAP = _CLOCK // 10
"""Frames are added only where two are further apart. In a faster video no viewer notices that a caption is late."""

_MAX_REORDER_DELAY = 2
"""Frames that a decoder usually holds back to reorder them. If the first one is later still, the video pauses there."""

_LAST_FRAME = _CLOCK // 100
"""The last frame is repeated this long before the end."""

_MAX_TIMES = 4000
"""An expression of 4,000 times is shorter than 100 KB; Linux allows 128 KiB per argument."""

_MARKER = 16
"""Side, in pixels, of the picture that marks the times. It is put next to the frames and cropped off again."""


def first_frame_filters(video: VideoFacts) -> tuple[str, ...]:
    """Return filters that set the first frame's time: that of its packet, or 0 if the video would begin late.

    Before the first frame, players show different things, and some start the sound together with it.
    """
    if video.starts_untimed:
        begin, max_delay = float(_begin(video)), float(_MAX_REORDER_DELAY / video.frame_rate)
        delay = f"min(STARTPTS-{begin:.6f}/TB,{max_delay:.6f}/TB)"
        return (f"setpts='if(eq(N,0),{begin:.6f}/TB,PTS-{delay})'",)
    if has_late_start(video):
        return (f"setpts='if(eq(N,0),{float(_begin(video)):.6f}/TB,PTS)'",)
    return ()


def has_late_start(video: VideoFacts) -> bool:
    """Return True if the first decodable frame is shown, or may be shown, later than the video begins."""
    return not video.starts_clean or video.start * _CLOCK > _MAX_GAP


def _begin(video: VideoFacts) -> Fraction:
    return Fraction(0) if video.start * _CLOCK > _MAX_GAP else video.start


def find_added_times(video: VideoFacts, cues: Sequence[Cue] | None, end: Fraction) -> tuple[int, ...]:
    """Return the times, in 1/90000 s and sorted, at which frames must be added before `end`, in seconds.

    If captions change too often between frames for one command line, there is a time every 0.1 s.
    """
    cut = end < video.end
    if not (cues or cut):
        return ()
    tick = video.time_base * _CLOCK
    ticks, parts = tick.numerator, tick.denominator
    stop = math.ceil(end * _CLOCK)
    # Integers, because there may be a million of them.
    frames = sorted({moment for time in video.packet_times if (moment := time * ticks // parts) < stop})
    if has_late_start(video) and frames:
        frames[0] = min(frames[0], round(_begin(video) * _CLOCK))
    if not frames or max(map(sub, [*frames[1:], stop], frames)) <= _MAX_GAP:
        return ()
    changes = {to_centiseconds(time) * _CLOCK // 100 for cue in cues or () for time in (cue.start_ms, cue.end_ms)}
    found = {time for time in changes if _is_in_long_gap(time, frames, stop)}
    if not found and not (cut and stop - frames[-1] > _MAX_GAP):
        return ()
    if len(found) > _MAX_TIMES:
        found = set(range(frames[0], stop, _MAX_GAP)) - set(frames)
    if stop - frames[-1] > _MAX_GAP:
        # The encoder guesses the duration of the last frame; for such a short one the guess cannot be far off.
        found.add(stop - _LAST_FRAME)
    return tuple(sorted(found))


def _is_in_long_gap(time: int, frames: Sequence[int], stop: int) -> bool:
    """Return True for a time in a long gap between two frames, or between the last one and the end."""
    after = bisect_right(frames, time)
    if after == 0 or time >= stop:
        return False
    return frames[after - 1] != time and (frames[after] if after < len(frames) else stop) - frames[after - 1] > _MAX_GAP


def add_frames(times: Sequence[int], frames: str, result: str) -> str:
    """Return a filter graph that repeats the previous frame at each of `times`.

    `frames` and `result` are the chains before and after it, without labels. `xstack` outputs a frame whenever one of
    its inputs does, and repeats the last one of the other. It starts when both inputs have started, so the times start
    with 0.
    """
    source = f"color=c=black:s={_MARKER}x{_MARKER}"
    if len(times) > _MAX_TIMES:
        clock = f"{source}:r={_CLOCK // _MAX_GAP}:d={times[-1] / _CLOCK:.6f},settb=1/{_CLOCK}"
    else:
        clock = f"{source}:r=1:d={len(times) + 1},settb=1/{_CLOCK},setpts='{lookup_expression((0, *times))}'"
    return (
        f"{frames},settb=1/{_CLOCK}[frames];{clock},format=yuv420p[times];"
        f"[frames][times]xstack=inputs=2:layout=0_0|w0_0,crop=iw-{_MARKER}:ih:0:0,{result}"
    )


def lookup_expression(values: Sequence[int], first: int = 0) -> str:
    """Return an ffmpeg expression that evaluates to the Nth of the values, where N is the number of a frame."""
    if len(values) == 1:
        return str(values[0])
    half = len(values) // 2
    low, high = lookup_expression(values[:half], first), lookup_expression(values[half:], first + half)
    return f"if(lt(N,{first + half}),{low},{high})"
