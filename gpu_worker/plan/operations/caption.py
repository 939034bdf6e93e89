"""Plan `caption`: captions drawn into a video."""

from __future__ import annotations

from contract.operations.caption import Caption
from contract.operations.captions import CaptionOptions
from gpu_worker.plan.audio import keep_sound
from gpu_worker.plan.captions.words.timed_cues import timed_cues
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.render import Overlay, render_video


def plan(operation: Caption, inputs: Inputs, options: PlanOptions) -> Plan:
    """Draw the cues into the picture; the sound is copied where MP4 can carry it."""
    return burn_captions(operation, inputs, options)


def burn_captions(captions: CaptionOptions, inputs: Inputs, options: PlanOptions) -> Plan:
    """Plan any operation that only draws captions. A text without times is spread over the whole video."""
    video = inputs.video_track()
    cues = timed_cues(inputs.cues, inputs.script, video.end) or ()
    overlay = Overlay(sound=keep_sound(inputs.original_sound()), cues=cues, captions=captions)
    return render_video(video, overlay, options)
