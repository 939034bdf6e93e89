"""Plan `compose`: picture or video, sound and subtitles in one encode."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from contract.limits import DEFAULT_DURATION, MIN_DURATION
from contract.operations import exact_rate, frame_count
from contract.operations.compose import Compose
from contract.options.sound.loudness import LoudnessGoal
from gpu_worker.plan.captions.words.script import spoken_seconds, timed_cues
from gpu_worker.plan.model import AUDIO, Inputs, Plan, PlanOptions
from gpu_worker.plan.operations.addaudio import own_sound, put_sound
from gpu_worker.plan.operations.caption import add_captions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.watermark import requested_watermark
from gpu_worker.plan.render import render_frames
from gpu_worker.plan.sound.mix import SoundInput, mix_sounds
from gpu_worker.plan.sound.music import mix_narration, music_of
from gpu_worker.plan.sound.part import Sound
from gpu_worker.plan.sound.single import keep_sound
from gpu_worker.plan.still.scenes import make_frame_source

_STILL_ONLY = ("duration", "frame_rate", "motion")


def plan(operation: Compose, inputs: Inputs, options: PlanOptions) -> Plan:
    """Make a clip from a picture, or add to a video a sound, captions or both."""
    if operation.url_image is not None:
        return _plan_still(operation, inputs, options)
    made = _plan_video(operation, inputs, options)
    unused = [name for name in _STILL_ONLY if name in operation.requested()]
    return replace(made, warnings=(*(f"`{name}` is for a picture only." for name in unused), *made.warnings))


def _plan_video(operation: Compose, inputs: Inputs, options: PlanOptions) -> Plan:
    music, goal = music_of(operation, inputs), operation.loudness_goal()
    if inputs.audio is None and music is None:
        return add_captions(operation, inputs, _kept_sound(inputs, goal, options), options)
    end, voices = inputs.video_track().end, own_sound(inputs)
    if inputs.audio is not None:
        voices = (SoundInput(AUDIO, inputs.added_sound()),)
        end = min(end, inputs.added_sound().end)
    sound = mix_sounds(voices, music, end, options, goal)
    return put_sound(operation, inputs, sound, end, options, operation)


def _kept_sound(inputs: Inputs, goal: LoudnessGoal | None, options: PlanOptions) -> Sound:
    original = inputs.original_sound()
    if goal is None:
        return keep_sound(original)
    return mix_sounds(own_sound(inputs), None, original.end if original else Fraction(0), options, goal)


def _still_seconds(operation: Compose, inputs: Inputs) -> float:
    """Return the duration of a clip from a picture: requested, else the sound's, else the captions', else 5 s."""
    if operation.duration is not None:
        return operation.duration
    length = spoken_seconds(inputs)
    return DEFAULT_DURATION if length is None else max(MIN_DURATION, length)


def _plan_still(operation: Compose, inputs: Inputs, options: PlanOptions) -> Plan:
    frames = frame_count(_still_seconds(operation, inputs), operation.frame_rate)
    rate = exact_rate(operation.frame_rate)
    length = Fraction(frames) / rate
    spoken_until = length if inputs.audio is None else min(length, inputs.added_sound().end)
    sound = mix_narration(operation, inputs, length, options)
    cues = timed_cues(inputs.cues, inputs.script, spoken_until, operation.language)
    overlay = Overlay(sound, cues=cues, captions=operation, end=length)
    source = make_frame_source(operation.scene_looks(), (0,), frames)
    return render_frames(source, rate, overlay, options, requested_watermark(operation, inputs, source.size))
