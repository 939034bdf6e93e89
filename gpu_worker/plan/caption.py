"""Subtitles drawn into a video."""

from __future__ import annotations

from contract.operations import Caption
from gpu_worker.plan.render import Extras, render_video
from gpu_worker.plan.sound import own_sound
from gpu_worker.plan.steps import Means, Plan, Sources


def plan_caption(_operation: Caption, sources: Sources, means: Means) -> Plan:
    """Re-encode the picture with the cues in it; the sound is copied where MP4 can carry it."""
    extras = Extras(sound=own_sound(sources.own_sound()), cues=sources.cues or ())
    return render_video(sources.picture(), extras, means)
