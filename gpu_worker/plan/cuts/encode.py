"""Encode parts of a video, joined, with one picture for each frame and its time kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from contract.operations import Role
from gpu_worker.media.info import Facts, VideoFacts
from gpu_worker.plan.cuda.graph import gpu_stages
from gpu_worker.plan.cuts.parts import Part
from gpu_worker.plan.cuts.sound import join_sounds
from gpu_worker.plan.cuts.window import window_args
from gpu_worker.plan.encode import (
    GIF_RATE,
    TAG_FILTER,
    decoder_threads_args,
    encoder_args,
    finish_graph,
    gpu_for_format,
    gpu_for_size,
    output_args,
    output_file,
    pick_encoder,
)
from gpu_worker.plan.expected import as_format, has_edit_lists
from gpu_worker.plan.filters import add_terms, decoder_args, picture_warnings
from gpu_worker.plan.gpu import GpuStage, gpu_warnings
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import IN_VIDEO, Encoder, ExpectedOutput, Plan, PlanOptions, Step
from gpu_worker.plan.picture.changes import PictureChanges
from gpu_worker.plan.picture.frame import frame_chain
from gpu_worker.plan.picture.watermark import watermark_chain
from gpu_worker.plan.sound.part import Sound, sound_in_format

_FAR = Fraction(5)
"""Seconds between two parts from which on the second is sought: decoding them takes longer than opening the file."""

_MAX_WINDOWS = 6
"""Decoders that run at a time: each holds up to 16 frames."""

_UNITS = 10_000, 120_000
"""Units per second of an encoder that are neither too coarse nor too fine."""

_BEFORE, _AFTER = Fraction(1, 1000), Fraction(1)
"""Seconds around a window. Packets are not in the order of their times, so the last ones come later than the end."""


def encode_parts(
    facts: Facts, video: VideoFacts, parts: Sequence[Part], options: PlanOptions, changes: PictureChanges
) -> Plan:
    """Encode the parts, which rise and do not overlap."""
    gpu = gpu_for_size(gpu_for_format(options), changes.size(video))
    # Frames are decoded and selected on the CPU; NVENC takes them from there.
    stages = gpu_stages(gpu) & {GpuStage.ENCODE}
    encoder = pick_encoder(options.format, on_gpu=bool(stages))
    windows = _group(parts, _MAX_WINDOWS) if facts.is_seekable else [list(parts)]
    joined, sound_input = join_sounds(facts, parts, len(windows), options)
    sound = sound_in_format(joined, options.format)
    expected = _expect(video, parts, sound, options, changes)
    graph = _graph(video, parts, len(windows), changes)
    if encoder is Encoder.GIF:
        # The last frame stays until the end of the part, not until that of what is read.
        graph += f",fps={GIF_RATE}:start_time=0,tpad=stop=-1:stop_mode=clone,trim=end_frame={expected.frames}"
    threads = () if stages else decoder_threads_args(options)
    inputs = [
        arg
        for window in windows
        for arg in (
            *_window_args(facts, video, window),
            *threads,
            *decoder_args(video),
            *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
        )
    ]
    args = (
        *("-copyts", "-start_at_zero"),
        *inputs,
        *(sound_input if sound.is_present else ()),
        *sound.decoding,
        *("-filter_complex", finish_graph(f"{graph}[picture]", options.format)),
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", "[picture]"),
        *_clock_args(video),
        *encoder_args(encoder, options.threads, quality=options.quality),
        *sound.args,
        *output_args(options),
    )
    step = Step(args, float(expected.duration), frame_size=(video.width, video.height))
    warnings = (*picture_warnings(video), *gpu_warnings(gpu, {GpuStage.ENCODE}), *sound.warnings)
    steps = (*changes.steps(), step)
    plan = Plan(steps, expected, "encode", encoder, warnings=warnings, gpu=stages, output=output_file(options))
    return replace(plan, video_ends_at=expected.duration) if has_edit_lists(options.format) else plan


def _expect(
    video: VideoFacts, parts: Sequence[Part], sound: Sound, options: PlanOptions, changes: PictureChanges
) -> ExpectedOutput:
    duration = sum((part.duration for part in parts), Fraction(0))
    expected = ExpectedOutput(
        video_codec="h264",
        size=changes.size(video),
        frames=sum(part.frames for part in parts),
        frames_tolerance=0 if video.is_timed else 1 + len(parts),
        is_cut=True,
        duration=duration,
        end=duration,
        end_tolerance=video.timing_slack,
        has_audio=sound.is_present,
        sound_end=sound.end,
        sound_end_tolerance=sound.end_tolerance,
    )
    return as_format(expected, options.format)


def _group(parts: Sequence[Part], limit: int) -> list[list[Part]]:
    """Return the parts in groups that are read together: split at the widest gaps, if these are wide."""
    gaps = sorted(range(1, len(parts)), key=lambda at: parts[at - 1].end - parts[at].start)
    splits = sorted(at for at in gaps[: limit - 1] if parts[at].start - parts[at - 1].end >= _FAR)
    return [list(parts[low:high]) for low, high in zip((0, *splits), (*splits, len(parts)), strict=True)]


def _window_args(facts: Facts, video: VideoFacts, parts: Sequence[Part]) -> tuple[str, ...]:
    start = parts[0].first * video.time_base - _BEFORE if facts.is_seekable else Fraction(0)
    return window_args(start, parts[-1].end + _AFTER)


def _graph(video: VideoFacts, parts: Sequence[Part], windows: int, changes: PictureChanges) -> str:
    """Return the graph from the windows to the encoder: their frames in order, those of the parts, with new times.

    Its end has no label.
    """
    sources = "".join(f"[{index}:{video.selector}]" for index in range(windows))
    merge = (f"interleave=nb_inputs={windows}",) if windows > 1 else ()
    select = _select_filters(video, parts)
    picture = frame_chain(video, changes.frame)
    # Deinterlacing compares neighbors, so it comes first.
    chain = (picture, *select) if video.is_interlaced else (*select, picture)
    frames = watermark_chain(",".join((*merge, *chain)), changes.watermark)
    return f"{sources}{frames},{TAG_FILTER}"


def _select_filters(video: VideoFacts, parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the filters that keep the frames of the parts and move each part to the end of the one before.

    Times are whole numbers of the video's time base. A frame that is cut begins with its part.
    """
    base = video.time_base
    # Where times are estimates, they may be off by less than half a frame.
    slack = 0 if video.is_timed else math.floor(1 / video.frame_rate / base / 2)
    kept, moves = [], []
    moved, done = 0, Fraction(0)
    for part in parts:
        first, start, stop = part.first - slack, math.ceil(part.start / base), math.ceil(part.end / base) - slack
        kept.append(f"gte(pts,{first})*lt(pts,{stop})")
        if part.first < start:
            moves.append(f"eq(PTS,{part.first})*{start - part.first}")
        shift = start - round(done / base)
        moves.append(f"gte(PTS,{first})*{moved - shift}")
        moved, done = shift, done + part.duration
    return (f"settb={base}", f"select='{add_terms(kept)}'", f"setpts='PTS+{add_terms(moves)}'")


def _clock_args(video: VideoFacts) -> tuple[str, ...]:
    """Return the options that keep the time of each frame: in the video's own units if these are fine and usual."""
    base = video.time_base
    is_usual = base.numerator == 1 and _UNITS[0] <= base.denominator <= _UNITS[1]
    return ("-fps_mode", "passthrough", "-enc_time_base", f"1:{base.denominator if is_usual else 90000}")
