"""Plan `addaudio`: a sound under a video whose picture is copied wherever MP4 players can decode it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from contract.operations import AudioMode
from contract.operations.addaudio import AddAudio
from contract.options.captions import CaptionOptions
from contract.options.picture import PictureOptions
from contract.options.sound import FitAudio
from gpu_worker.plan.captions.words.script import timed_cues
from gpu_worker.plan.model import AUDIO, VIDEO, Inputs, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.changes import may_copy_picture, requested_changes
from gpu_worker.plan.render import render_video
from gpu_worker.plan.sound.mix import SoundInput, mix_sounds
from gpu_worker.plan.sound.music import music_of
from gpu_worker.plan.sound.part import Sound
from gpu_worker.plan.stream_copy import copy_video, is_copyable


def plan(operation: AddAudio, inputs: Inputs, options: PlanOptions) -> Plan:
    """Replace the video's sound, mix the new one into it, or play it as music under it."""
    end = inputs.video_track().end
    if operation.sound_fit is FitAudio.CUT:
        end = min(end, inputs.added_sound().end)
    music = music_of(operation, inputs)
    sound = mix_sounds(_voices(operation, inputs), music, end, options, operation.loudness_goal())
    return put_sound(operation, inputs, sound, end, options)


def own_sound(inputs: Inputs) -> tuple[SoundInput, ...]:
    """Return the sound that the video came with, if it has one."""
    original = inputs.original_sound()
    return () if original is None else (SoundInput(VIDEO, original),)


def _voices(operation: AddAudio, inputs: Inputs) -> tuple[SoundInput, ...]:
    """Return the sounds that are not music."""
    own = () if operation.mode is AudioMode.REPLACE else own_sound(inputs)
    if operation.mode is AudioMode.MUSIC:
        return own
    repeats = operation.sound_fit is FitAudio.LOOP
    return (*own, SoundInput(AUDIO, inputs.added_sound(), operation.gain, operation.fades, repeats))


def put_sound(
    picture: PictureOptions,
    inputs: Inputs,
    sound: Sound,
    end: Fraction,
    options: PlanOptions,
    captions: CaptionOptions | None = None,
) -> Plan:
    """Plan a video up to `end` with a sound that ends there. The picture is copied unless it changes."""
    video = inputs.video_track()
    overlay = Overlay(sound=sound, end=end)
    if captions is not None:
        cues = timed_cues(inputs.cues, inputs.script, end, captions.language)
        overlay = replace(overlay, cues=cues, captions=captions)
    may_copy = options.may_copy and may_copy_picture(picture, video) and not overlay.draws_captions
    if may_copy and inputs.video is not None and is_copyable(inputs.video) and end > video.start:
        track = overlay.track(end)
        copied = copy_video(inputs.video, video, sound, end, options, track)
        return overlay.complete(copied, (None, track), end, video.display_size, options)
    return render_video(video, overlay, options, requested_changes(picture, inputs, video))
