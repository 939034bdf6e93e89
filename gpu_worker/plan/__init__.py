"""Operation and facts in, ffmpeg command lines out. Pure: nothing here reads a file or starts a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract.operations import AddAudio, Caption, Compose, Img2Vid, Operation
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.operations.addaudio import plan_addaudio
from gpu_worker.plan.operations.caption import plan_caption
from gpu_worker.plan.operations.compose import plan_compose
from gpu_worker.plan.operations.img2vid import plan_img2vid

_PLANNERS: dict[type[Any], Callable[[Any, Inputs, PlanOptions], Plan]] = {
    Caption: plan_caption,
    Img2Vid: plan_img2vid,
    AddAudio: plan_addaudio,
    Compose: plan_compose,
}


def make_plan(operation: Operation, sources: Inputs, means: PlanOptions) -> Plan:
    """Plan one job. The sources must be those that `operation.inputs()` names, probed by their role."""
    return _PLANNERS[type(operation)](operation, sources, means)
