"""Plan `caption`: captions drawn into a video, or added to it as a subtitle track."""

from __future__ import annotations

from contract.operations.caption import Caption
from contract.operations.compose import Compose
from gpu_worker.plan.captions.words.script import timed_cues
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.changes import may_copy_picture, requested_changes
from gpu_worker.plan.render import render_video
from gpu_worker.plan.sound.part import Sound
from gpu_worker.plan.sound.single import keep_sound
from gpu_worker.plan.stream_copy import copy_whole_video, is_copyable


def plan(operation: Caption, inputs: Inputs, options: PlanOptions) -> Plan:
    """Add the cues; the sound is copied where MP4 can carry it, and a picture that stays as it is, too."""
    return add_captions(operation, inputs, keep_sound(inputs.original_sound()), options)


def add_captions(operation: Caption | Compose, inputs: Inputs, sound: Sound, options: PlanOptions) -> Plan:
    """Plan any operation that keeps a whole video and adds captions to it, if there are any.

    A text without times is spread over the whole video.
    """
    video = inputs.video_track()
    cues = timed_cues(inputs.cues, inputs.script, video.end, operation.language)
    overlay = Overlay(sound=sound, cues=(cues or ()) if operation.caption_sources() else None, captions=operation)
    may_copy = options.may_copy and may_copy_picture(operation, video) and not overlay.draws_captions
    if may_copy and inputs.video is not None and is_copyable(inputs.video) and video.end > video.start:
        track = overlay.track(video.end)
        copied = copy_whole_video(inputs.video, video, sound, options, track)
        return overlay.complete(copied, (None, track), video.end, video.display_size, options)
    return render_video(video, overlay, options, requested_changes(operation, inputs, video))
