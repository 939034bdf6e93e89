"""The music of an operation, and the narration that it plays under."""

from __future__ import annotations

from fractions import Fraction

from contract.options.group import OptionGroup
from gpu_worker.plan.model import AUDIO, Inputs, PlanOptions
from gpu_worker.plan.sound.ducking import spans_of_cues
from gpu_worker.plan.sound.mix import MusicInput, SoundInput, mix_sounds
from gpu_worker.plan.sound.part import Sound


def music_of(operation: OptionGroup, inputs: Inputs) -> MusicInput | None:
    """Return the music that the operation requests, None if it requests none.

    Raises LookupError if its sound was not probed, which is a defect.
    """
    bed = operation.music_bed()
    if bed is None:
        return None
    sound = SoundInput(bed.field, inputs.sound_of(bed.field), bed.gain, bed.fades, bed.repeats)
    return MusicInput(sound, bed.ducking, spans_of_cues(inputs.cues) if inputs.cues else inputs.speech)


def mix_narration(operation: OptionGroup, inputs: Inputs, end: Fraction, options: PlanOptions) -> Sound:
    """Return the narration and the music of a video that has no sound of its own, exactly until `end`, in seconds."""
    voices = () if inputs.audio is None else (SoundInput(AUDIO, inputs.added_sound()),)
    return mix_sounds(voices, music_of(operation, inputs), end, options, operation.loudness_goal())
