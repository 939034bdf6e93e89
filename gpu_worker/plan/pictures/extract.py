"""ffmpeg runs that write frames of a video as pictures."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from contract.operations import Role
from gpu_worker.media.info import Facts, VideoFacts
from gpu_worker.plan.cuts.window import window_args
from gpu_worker.plan.filters import add_terms, decoder_args, snapshot_filters
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.plan.model import IN_VIDEO, PlanOptions, Step
from gpu_worker.plan.pictures.encoding import Encoding

_BATCH = 8
"""Frames that one run seeks: each has a decoder of its own."""

_SEEK_COST = 30
"""Frames whose decoding takes as long as opening and seeking a file once more."""

_BEFORE, _AFTER = Fraction(1, 1000), Fraction(10)
"""Seconds around a frame that are read: the frame may be damaged, and the next one follows."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Frames to write: their times in units of the video's time base, and the size and encoding of the pictures."""

    facts: Facts
    video: VideoFacts
    times: Sequence[int]
    size: tuple[int, int]

    @property
    def slack(self) -> int:
        """Units by which times may be off where they are estimates."""
        video = self.video
        return 0 if video.is_timed else math.floor(1 / video.frame_rate / video.time_base / 2)

    def filters(self, encoding: Encoding) -> tuple[str, ...]:
        """Return the filters from a decoded frame to a picture."""
        return snapshot_filters(self.video, self.size, encoding.pixels, encoding.colors)

    def is_one_pass(self) -> bool:
        """Return True if decoding all of the video takes less than seeking each frame."""
        if any(before >= after for before, after in pairwise(self.times)):
            return False
        if not self.facts.is_seekable:
            return len(self.times) > 1
        video = self.video
        position = {time: index for index, time in enumerate(video.packet_times)}
        keys = [index for index, key in enumerate(video.keys) if key] or [0]
        found = [position[time] for time in self.times]
        distances = (index - keys[max(0, bisect_right(keys, index) - 1)] for index in found)
        return sum(distances) + _SEEK_COST * len(found) > max(found)

    def select_filter(self) -> str:
        """Return the filter that lets through the frames, one after the other."""
        steps = [f"eq(selected_n,{index})*gte(pts,{time - self.slack})" for index, time in enumerate(self.times)]
        return f"settb={self.video.time_base},select='{add_terms(steps)}'"

    def read_all_args(self, options: PlanOptions) -> tuple[str, ...]:
        """Return the arguments that open the whole video."""
        return (
            *("-copyts", "-start_at_zero", *MAX_DURATION_ARGS, "-threads", str(options.threads)),
            *decoder_args(self.video),
            *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
        )


def seek_steps(shots: Snapshots, names: Sequence[str], encoding: Encoding, options: PlanOptions) -> tuple[Step, ...]:
    """Return runs that write each frame to the file with its name, each from the keyframe before it."""
    pairs = list(zip(shots.times, names, strict=True))
    return tuple(_seek_step(shots, pairs[at : at + _BATCH], encoding, options) for at in range(0, len(pairs), _BATCH))


def pass_step(shots: Snapshots, pattern: str, encoding: Encoding, options: PlanOptions) -> Step:
    """Return the run that writes all frames to files whose number stands for `%d`, from 1 on."""
    chain = ",".join((shots.select_filter(), *shots.filters(encoding)))
    args = (
        *shots.read_all_args(options),
        *("-map", f"0:{shots.video.selector}", "-vf", chain, "-frames:v", str(len(shots.times))),
        *("-fps_mode", "passthrough", *encoding.args, "-f", "image2", "-start_number", "1", "-y", pattern),
    )
    return _step(shots, args)


def _seek_step(shots: Snapshots, pairs: Sequence[tuple[int, str]], encoding: Encoding, options: PlanOptions) -> Step:
    base, seeks = shots.video.time_base, shots.facts.is_seekable
    inputs: list[str] = []
    outputs: list[str] = []
    for number, (time, name) in enumerate(pairs):
        window = window_args(time * base - _BEFORE, time * base + _AFTER) if seeks else MAX_DURATION_ARGS
        inputs += (*window, "-threads", "1", *decoder_args(shots.video))
        inputs += open_args(Role.VIDEO, IN_VIDEO, options.max_pixels)
        select = () if seeks else (f"settb={base}", f"select='gte(pts,{time - shots.slack})'")
        outputs += ("-map", f"{number}:{shots.video.selector}", "-vf", ",".join((*select, *shots.filters(encoding))))
        outputs += ("-frames:v", "1", "-fps_mode", "passthrough", *encoding.args, *encoding.one_file, "-y", name)
    return _step(shots, ("-copyts", "-start_at_zero", *inputs, *outputs))


def _step(shots: Snapshots, args: tuple[str, ...]) -> Step:
    return Step(args, 0, frame_size=(shots.video.width, shots.video.height))
