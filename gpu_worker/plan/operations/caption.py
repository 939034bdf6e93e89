"""Subtitles drawn into a video."""

from __future__ import annotations

from contract.operations import Caption
from gpu_worker.plan.audio import own_sound
from gpu_worker.plan.model import Means, Plan, Sources
from gpu_worker.plan.render import Extras, render_video
from gpu_worker.plan.splice import spliced


def plan_caption(_operation: Caption, sources: Sources, means: Means) -> Plan:
    """Draw the cues into the picture; the sound is copied where MP4 can carry it."""
    return caption_video(sources, means)


def caption_video(sources: Sources, means: Means) -> Plan:
    """The same for any operation that changes nothing else: the picture is encoded where it must be."""
    extras = Extras(sound=own_sound(sources.own_sound()), cues=sources.cues or ())
    return spliced(render_video(sources.picture(), extras, means), sources, means)
