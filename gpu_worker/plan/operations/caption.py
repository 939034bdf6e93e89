"""Plan `caption`: subtitles drawn into a video."""

from __future__ import annotations

from contract.operations.caption import Caption
from gpu_worker.plan.audio import keep_sound
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.render import Overlay, render_video


def plan(_operation: Caption, inputs: Inputs, options: PlanOptions) -> Plan:
    """Draw the cues into the picture; the sound is copied where MP4 can carry it."""
    return burn_captions(inputs, options)


def burn_captions(inputs: Inputs, options: PlanOptions) -> Plan:
    """Plan any operation that only draws captions."""
    overlay = Overlay(sound=keep_sound(inputs.original_sound()), cues=inputs.cues or ())
    return render_video(inputs.video_track(), overlay, options)
