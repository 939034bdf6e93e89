"""ffmpeg runs that take a poster from the finished video."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from contract.artifacts import POSTER
from contract.operations import Role
from contract.operations.thumbnail import ImageFormat
from gpu_worker.plan.encode import format_seconds
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import PlanOptions, Step, artifact_file
from gpu_worker.plan.pictures.encoding import ENCODINGS, RAW, Encoding
from gpu_worker.plan.pictures.score import SIDE

_CANDIDATES = 5


def candidate_times(duration: Fraction) -> list[Fraction]:
    """Return times in seconds, evenly spread, of which the most typical picture is taken."""
    return [duration * (2 * number + 1) / (2 * _CANDIDATES) for number in range(_CANDIDATES)]


def candidates_step(output: str, times: Sequence[Fraction], names: Sequence[str], options: PlanOptions) -> Step:
    """Return the run that writes small raw pictures of the video `output`, one for each time."""
    filters = f"scale={SIDE}:{SIDE}:flags=area,format={RAW.pixels}"
    return _seek_step(output, times, names, (filters, RAW), options)


def poster_step(output: str, time: Fraction, options: PlanOptions) -> Step:
    """Return the run that writes the poster."""
    encoding = ENCODINGS[ImageFormat.JPG]
    filters = f"scale=flags=accurate_rnd+full_chroma_int:{encoding.colors},format={encoding.pixels}"
    return _seek_step(output, [time], [artifact_file(POSTER.name)], (filters, encoding), options)


def _seek_step(
    output: str, times: Sequence[Fraction], names: Sequence[str], how: tuple[str, Encoding], options: PlanOptions
) -> Step:
    filters, encoding = how
    inputs: list[str] = []
    outputs: list[str] = []
    for number, (time, name) in enumerate(zip(times, names, strict=True)):
        inputs += ("-ss", format_seconds(time), "-threads", "1", *open_args(Role.VIDEO, output, options.max_pixels))
        outputs += ("-map", f"{number}:V:0", "-vf", filters, "-frames:v", "1", "-fps_mode", "passthrough")
        outputs += (*encoding.args, *encoding.one_file, "-y", name)
    return Step((*inputs, *outputs), 0)
