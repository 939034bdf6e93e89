"""Plan `addaudio`: a sound under a video whose picture is copied wherever MP4 players can decode it."""

from __future__ import annotations

from dataclasses import replace

from contract.operations import AudioMode
from contract.operations.addaudio import AddAudio
from contract.operations.captions import CaptionOptions
from contract.operations.picture import PictureOptions
from gpu_worker.plan.audio import combine_sounds
from gpu_worker.plan.captions.words.script import timed_cues
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.changes import requested_changes
from gpu_worker.plan.render import render_video
from gpu_worker.plan.stream_copy import copy_video, is_copyable


def plan(operation: AddAudio, inputs: Inputs, options: PlanOptions) -> Plan:
    """Replace the video's sound, or mix the new one into it. The output ends with the shorter of the two."""
    return replace_or_mix_audio(operation, inputs, operation.mode, operation.volume, options)


def replace_or_mix_audio(
    picture: PictureOptions,
    inputs: Inputs,
    mode: AudioMode,
    volume: float,
    options: PlanOptions,
    captions: CaptionOptions | None = None,
) -> Plan:
    """Plan any operation that adds a sound. The picture is copied unless it changes, or captions are drawn into it."""
    video, added = inputs.video_track(), inputs.added_sound()
    end = min(video.end, added.end)
    sound = combine_sounds(inputs.original_sound(), added, mode, volume, end)
    overlay = Overlay(sound=sound, audio_input=True, end=end)
    if captions is not None:
        cues = timed_cues(inputs.cues, inputs.script, end, captions.language)
        overlay = replace(overlay, cues=cues, captions=captions)
    changes = requested_changes(picture, inputs, video)
    may_copy = options.may_copy and not (overlay.draws_captions or changes.is_changed)
    if may_copy and inputs.video is not None and is_copyable(inputs.video) and end > video.start:
        track = overlay.track(end)
        copied = copy_video(inputs.video, video, sound, end, options, track)
        return overlay.complete(copied, (None, track), end, video.display_size, options)
    return render_video(video, overlay, options, changes)
