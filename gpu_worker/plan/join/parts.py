"""The parts of the videos that are joined, and their places on the timeline of the result. All times are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from contract.errors import Code
from contract.limits import MAX_FRAME_RATE
from contract.operations.concatenate import Concatenate, VideoPart
from gpu_worker.errors import job_failed
from gpu_worker.media.copy_fingerprint import MAX_LATE_START
from gpu_worker.media.info import AudioFacts, Facts, VideoFacts
from gpu_worker.plan.encode import format_seconds
from gpu_worker.plan.model import Inputs

_RATES = tuple(Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"))
"""Frame rates that players expect, in rising order."""

_ROUNDED, _UNEVEN = Fraction(1, 500), Fraction(1, 33)
"""Relative differences of rates that rounded times make, and those of frames that are not evenly spaced."""


_RELATIVE = frozenset({"mpegts", "mpeg", "ogg"})
"""Containers whose times ffmpeg starts at the first stream that is used, not at the first one in the file."""


@dataclass(frozen=True, slots=True)
class Part:
    """One video from `begin` to `end`, in seconds of its own timeline. `field` is that of the input."""

    field: str
    facts: Facts
    video: VideoFacts
    begin: Fraction
    end: Fraction

    @property
    def length(self) -> Fraction:
        return self.end - self.begin

    @property
    def audio(self) -> AudioFacts | None:
        """The sound; None if it ends before the part begins."""
        audio = self.facts.audio
        return audio if audio is not None and audio.end > self.begin else None

    def start_args(self, index: int, *streams: str) -> tuple[str, ...]:
        """Return an output that is discarded, if the file, which is input `index`, has its times only with `streams`.

        It goes after all others.
        """
        if _RELATIVE.isdisjoint(self.facts.container.split(",")):
            return ()
        maps = (option for stream in streams for option in ("-map", f"{index}:{stream}?"))
        return (*maps, "-c", "copy", "-t", format_seconds(self.end), "-f", "null", "-")

    @property
    def is_whole(self) -> bool:
        """True if the part has all frames of the video, from the first to the last one."""
        return (self.begin, self.end) == (self.video.start, self.video.end)


@dataclass(frozen=True, slots=True)
class Slot:
    """A part on the timeline of the result: from `start`, for `length` seconds, of which `overlap` belong to the next.

    `length` is that of the part, rounded to whole frames if it is encoded.
    """

    part: Part
    start: Fraction
    length: Fraction
    overlap: Fraction = Fraction(0)

    @property
    def end(self) -> Fraction:
        return self.start + self.length


def pick_parts(operation: Concatenate, inputs: Inputs) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Return the parts, and warnings for the client about those that end early.

    Raises JobFailed if one begins after the end of its video.
    """
    warnings: list[str] = []
    parts = []
    for index, requested in enumerate(operation.videos):
        facts = inputs.media[f"videos.{index}.url_video"]
        if facts.video is None:
            raise LookupError("a video was not probed")
        part = _pick_part(index, requested, facts, facts.video)
        parts.append(part)
        if requested.end is not None and requested.end - part.end > 1 / facts.video.frame_rate:
            warnings.append(f"`videos.{index}` ends at {float(part.end):.3f} s, before the requested `end`.")
    return tuple(parts), tuple(warnings)


def _pick_part(index: int, requested: VideoPart, facts: Facts, video: VideoFacts) -> Part:
    begin = video.start if video.start <= MAX_LATE_START else Fraction(0)
    end = video.end
    if requested.start is not None:
        begin = max(begin, Fraction(str(requested.start)))
    if requested.end is not None:
        end = min(end, Fraction(str(requested.end)))
    if begin >= video.end:
        limit = f"{float(video.end):.3f} s"
        raise job_failed(Code.RANGE_OUTSIDE_MEDIA, field=f"videos.{index}.start", limit=limit)
    return Part(f"videos.{index}.url_video", facts, video, begin, max(end, begin + Fraction(1, 1000)))


def output_rate(operation_rate: Fraction | None, first: VideoFacts) -> Fraction:
    """Return the constant rate of an encoded result: the requested one, else that of the first video.

    If the first video's is not constant, it is the lowest usual rate that loses no frames on average.
    """
    if operation_rate is not None:
        return operation_rate
    rate = first.frame_rate
    usual = min(_RATES, key=lambda known: abs(known - rate))
    if abs(usual - rate) <= usual * (_ROUNDED if first.has_constant_rate else _UNEVEN):
        return usual
    if not first.has_constant_rate:
        return next((known for known in _RATES if known >= rate), _RATES[-1])
    return min(max(rate, Fraction(1)), Fraction(MAX_FRAME_RATE))


def place_copies(parts: Sequence[Part]) -> tuple[Slot, ...]:
    """Return the slots of parts that keep their exact lengths."""
    slots: list[Slot] = []
    at = Fraction(0)
    for part in parts:
        slots.append(Slot(part, at, part.length))
        at += part.length
    return tuple(slots)


def place_frames(parts: Sequence[Part], rate: Fraction, transition: float) -> tuple[Slot, ...]:
    """Return the slots of parts of whole frames, which overlap by `transition` seconds, rounded to frames.

    A part ends at the frame that is nearest to the sum of the lengths up to there, so that no errors add up. Raises
    JobFailed if a part is shorter than two transitions.
    """
    frames = _count_frames(parts, rate)
    overlap = max(1, round(Fraction(transition) * rate)) if transition else 0
    shortest = min(range(len(parts)), key=lambda index: frames[index])
    if frames[shortest] < 2 * overlap:
        longest = math.floor(Fraction(frames[shortest] // 2) / rate * 1000) / 1000
        raise job_failed(Code.TRANSITION_TOO_LONG, field=parts[shortest].field, limit=f"{longest:g} s")
    slots: list[Slot] = []
    at = 0
    for index, part in enumerate(parts):
        shared = overlap if index < len(parts) - 1 else 0
        slots.append(Slot(part, at / rate, frames[index] / rate, shared / rate))
        at += frames[index] - shared
    return tuple(slots)


def _count_frames(parts: Sequence[Part], rate: Fraction) -> list[int]:
    counts: list[int] = []
    seconds, frames = Fraction(0), 0
    for part in parts:
        seconds += part.length
        counts.append(max(1, round(seconds * rate) - frames))
        frames += counts[-1]
    return counts
