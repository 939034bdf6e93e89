"""Plan `img2vid`: a clip that slowly zooms into a picture."""

from __future__ import annotations

from contract.operations import exact_rate, frame_count
from contract.operations.img2vid import Img2Vid
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.watermark import requested_watermark
from gpu_worker.plan.render import render_frames
from gpu_worker.plan.still.scenes import make_frame_source


def plan(operation: Img2Vid, inputs: Inputs, options: PlanOptions) -> Plan:
    """Make `frame_count` frames at exactly the rate that `frame_rate` stands for (29.97 is 30000/1001)."""
    frames = frame_count(operation.duration, operation.frame_rate)
    source = make_frame_source(operation.scene_looks(), (0,), frames)
    watermark = requested_watermark(operation, inputs, source.size)
    return render_frames(source, exact_rate(operation.frame_rate), Overlay(), options, watermark)
