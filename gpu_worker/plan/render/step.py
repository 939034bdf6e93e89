"""The step that encodes, and the plan around it."""

from __future__ import annotations

from dataclasses import replace

from gpu_worker.plan.captions.draw import DrawnCaptions
from gpu_worker.plan.captions.files.track import SubtitleTrack
from gpu_worker.plan.encode import (
    encoder_args,
    finish_graph,
    format_seconds,
    output_args,
    output_file,
    pick_encoder,
)
from gpu_worker.plan.gpu import ALL_STAGES, GpuStage
from gpu_worker.plan.input_args import MAX_DURATION_ARGS
from gpu_worker.plan.model import SUBTITLES, VIDEO, ExpectedOutput, Plan, PlanOptions, Step
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.render.route import Route
from gpu_worker.plan.sound.part import input_fields, open_sounds


def encode_step(
    route: Route, overlay: Overlay, track: SubtitleTrack | None, expected: ExpectedOutput, options: PlanOptions
) -> Step:
    """Return the step that encodes the frames of a route, with the sound and the track of subtitles."""
    sound = overlay.sound
    encoder = pick_encoder(options.format, on_gpu=GpuStage.ENCODE in route.gpu)
    args = (
        *route.input_args,
        *open_sounds(sound.inputs, options.max_pixels),
        *(() if track is None else track.input_args),
        *sound.decoding,
        *("-filter_complex", finish_graph(route.graph, options.format)),
        # A graph of its own: ffmpeg rebuilds one that held both, and loses sound, whenever the picture changes.
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", "[picture]"),
        *route.timing,
        *encoder_args(encoder, options.threads, on_gpu=route.gpu == ALL_STAGES, quality=options.quality),
        *sound.args,
        *(() if track is None else track.output_args(1 + len(sound.inputs))),
        *(MAX_DURATION_ARGS if overlay.end is None else ("-t", format_seconds(overlay.end))),
        *output_args(options, has_subtitles=track is not None),
    )
    fields = (VIDEO, *input_fields(sound.inputs)) if len(sound.inputs) > 1 else ()
    return Step(args, float(expected.duration), fields=fields)


def plan_encode(
    steps: tuple[Step, ...],
    expected: ExpectedOutput,
    captions: tuple[DrawnCaptions | None, SubtitleTrack | None],
    route: Route,
    warnings: tuple[str, ...],
    options: PlanOptions,
) -> Plan:
    """Return the plan of the steps, the last of which encodes, with the files that captions need."""
    drawn, track = captions
    encoder = pick_encoder(options.format, on_gpu=GpuStage.ENCODE in route.gpu)
    files: dict[str, str | bytes] = {} if track is None else dict(track.files)
    files |= {} if drawn is None else {SUBTITLES: drawn.script}
    plan = Plan(
        steps, expected, "encode", encoder, files, warnings=warnings, gpu=route.gpu, output=output_file(options)
    )
    return plan if drawn is None else replace(plan, word_timing=drawn.word_timing, fonts_used=drawn.fonts)
