"""Draw subtitles into a video."""

from __future__ import annotations

from contract.operations.caption import Caption
from gpu_worker.plan.audio import own_sound
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.render import Overlay, render_video


def plan(_operation: Caption, inputs: Inputs, options: PlanOptions) -> Plan:
    """Draw the cues into the picture; the sound is copied where MP4 can carry it."""
    return caption_video(inputs, options)


def caption_video(inputs: Inputs, options: PlanOptions) -> Plan:
    """Plan any operation that changes nothing else."""
    extras = Overlay(sound=own_sound(inputs.own_sound()), cues=inputs.cues or ())
    return render_video(inputs.picture(), extras, options)
