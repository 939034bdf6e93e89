"""Plan `img2vid`: a clip that slowly zooms into a picture."""

from __future__ import annotations

from contract.operations import exact_rate, frame_count
from contract.operations.img2vid import Img2Vid
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.render import render_still
from gpu_worker.plan.still.canvas import parse_size


def plan(operation: Img2Vid, inputs: Inputs, options: PlanOptions) -> Plan:
    """Make `frame_count` frames at exactly the rate that `frame_rate` stands for (29.97 is 30000/1001)."""
    timing = frame_count(operation.duration, operation.frame_rate), exact_rate(operation.frame_rate)
    return render_still(inputs.photo(), (parse_size(operation.size), operation.fit), timing, Overlay(), options)
