"""Plan `slideshow`: pictures one after the other under a sound, in one encode."""

from __future__ import annotations

from fractions import Fraction

from contract.operations import exact_rate
from contract.operations.slideshow import Slideshow
from gpu_worker.plan.captions.words.script import spoken_seconds, timed_cues
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.watermark import requested_watermark
from gpu_worker.plan.render import render_frames
from gpu_worker.plan.sound.music import mix_narration
from gpu_worker.plan.still.scenes import make_frame_source
from gpu_worker.plan.still.slide_times import frame_starts, slide_starts


def plan(operation: Slideshow, inputs: Inputs, options: PlanOptions) -> Plan:
    """Show the pictures for their durations, or share the time of the narration or the captions among them."""
    length = spoken_seconds(inputs)
    cues = timed_cues(inputs.cues, inputs.script, Fraction(length or 0), operation.language)
    durations = [image.duration for image in operation.images]
    starts, frames = frame_starts(slide_starts(durations, length, cues or ()), operation.frame_rate)
    rate = exact_rate(operation.frame_rate)
    sound = mix_narration(operation, inputs, frames / rate, options)
    overlay = Overlay(sound, cues=cues, captions=operation, end=frames / rate)
    transition = operation.transition.kind, round(operation.transition.seconds * operation.frame_rate)
    source = make_frame_source(operation.scene_looks(), starts, frames, transition)
    return render_frames(source, rate, overlay, options, requested_watermark(operation, inputs, source.size))
