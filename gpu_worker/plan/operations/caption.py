"""Subtitles drawn into a video."""

from __future__ import annotations

from contract.operations.caption import Caption
from gpu_worker.plan.audio import own_sound
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.render import Overlay, render_video


def plan(_operation: Caption, sources: Inputs, means: PlanOptions) -> Plan:
    """Draw the cues into the picture; the sound is copied where MP4 can carry it."""
    return caption_video(sources, means)


def caption_video(sources: Inputs, means: PlanOptions) -> Plan:
    """The same for any operation that changes nothing else: the picture is encoded where it must be."""
    extras = Overlay(sound=own_sound(sources.own_sound()), cues=sources.cues or ())
    return render_video(sources.picture(), extras, means)
