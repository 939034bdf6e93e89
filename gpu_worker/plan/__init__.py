"""Turn an operation and the facts about its inputs into ffmpeg command lines. Pure: no file access, no processes."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from contract.artifacts import POSTER, VideoFormat
from contract.operations import OPERATIONS, Operation
from contract.options.output import OutputOptions
from gpu_worker.plan.model import Inputs, Plan, PlanOptions

_PLANNERS = {model: import_module(f"{__name__}.operations.{kind}").plan for kind, model in OPERATIONS.items()}
"""The planner of an operation is the function `plan` of the module that has the operation's name."""


def make_plan(operation: Operation, inputs: Inputs, options: PlanOptions) -> Plan:
    """Plan one job. `inputs` are those of `operation.inputs()`, probed according to their roles."""
    if isinstance(operation, OutputOptions):
        may_copy = options.may_copy and operation.format is VideoFormat.MP4
        options = replace(options, quality=operation.quality, format=operation.format, may_copy=may_copy)
    plan: Plan = _PLANNERS[type(operation)](operation, inputs, options)
    if isinstance(operation, OutputOptions) and operation.poster is not None:
        return replace(plan, poster=operation.poster, pictures=(*plan.pictures, POSTER.name))
    return plan
