"""Picture or video, sound and subtitles in one encode."""

from __future__ import annotations

from fractions import Fraction

from contract.limits import DEFAULT_DURATION, MIN_DURATION
from contract.operations import AudioMode, exact_rate, frame_count
from contract.operations.compose import Compose
from gpu_worker.plan.audio import NO_SOUND, combine_sounds, new_sound
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.operations.addaudio import replace_or_mix_audio
from gpu_worker.plan.operations.caption import caption_video
from gpu_worker.plan.render import Overlay, render_still, render_video
from gpu_worker.plan.still.canvas import parse_size


def plan(operation: Compose, sources: Inputs, means: PlanOptions) -> Plan:
    """One of three shapes: from a picture, a video with captions, or a video that only gets a sound."""
    if sources.image is not None:
        return _from_still(operation, sources, means)
    if sources.cues is None:
        return replace_or_mix_audio(sources, AudioMode.REPLACE, 1.0, means)
    if sources.audio is None:
        return caption_video(sources, means)
    video = sources.picture()
    new = sources.new_sound()
    end = min(video.end, new.end)
    sound = combine_sounds(sources.own_sound(), new, AudioMode.REPLACE, 1.0, end)
    return render_video(video, Overlay(sound, audio_input=True, cues=sources.cues, end=end), means)


def _from_still(operation: Compose, sources: Inputs, means: PlanOptions) -> Plan:
    frames = frame_count(still_seconds(operation, sources), operation.frame_rate)
    rate = exact_rate(operation.frame_rate)
    length = Fraction(frames) / rate
    sound = NO_SOUND if sources.audio is None else new_sound(sources.new_sound(), 1, length=length)
    extras = Overlay(sound, audio_input=sources.audio is not None, cues=sources.cues, end=length)
    return render_still(sources.still(), (parse_size(operation.size), operation.fit), (frames, rate), extras, means)


def still_seconds(operation: Compose, sources: Inputs) -> float:
    """How long a clip from a picture lasts: as asked, else as its sound, else as its subtitles, else 5 s."""
    if operation.duration is not None:
        return operation.duration
    if sources.audio is not None:
        length = float(sources.new_sound().end)
    elif sources.cues:
        length = max(cue.end_ms for cue in sources.cues) / 1000
    else:
        length = DEFAULT_DURATION
    return max(MIN_DURATION, length)
