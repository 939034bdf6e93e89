"""Plan `img2vid`: a clip that slowly zooms into a picture, or one of each of several pictures."""

from __future__ import annotations

from dataclasses import replace

from contract.operations import exact_rate, frame_count
from contract.operations.img2vid import Img2Vid
from contract.options.picture import SceneLook
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.watermark import requested_watermark
from gpu_worker.plan.render import render_frames
from gpu_worker.plan.still.scenes import make_frame_source


def plan(operation: Img2Vid, inputs: Inputs, options: PlanOptions) -> Plan:
    """Make `frame_count` frames of each picture at exactly the rate that `frame_rate` stands for.

    29.97 stands for 30000/1001.
    """
    looks, durations = operation.scene_looks().items(), operation.durations()
    clips = [
        _plan_clip(operation, scene, seconds, inputs, replace(options, output_name=artifact.name))
        for scene, seconds, artifact in zip(looks, durations, operation.artifacts(), strict=False)
    ]
    return replace(clips[0], others=tuple(clips[1:]))


def _plan_clip(
    operation: Img2Vid, scene: tuple[str, SceneLook], seconds: float, inputs: Inputs, options: PlanOptions
) -> Plan:
    source = make_frame_source(dict([scene]), (0,), frame_count(seconds, operation.frame_rate))
    watermark = requested_watermark(operation, inputs, source.size)
    return render_frames(source, exact_rate(operation.frame_rate), Overlay(), options, watermark)
