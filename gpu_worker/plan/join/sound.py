"""The sound of joined videos: each part's at its exact sample, silence where there is none, encoded once.

Copied AAC cannot do this: a packet has 1024 samples, so that each part's sound would begin up to 11 ms too early or too
late, and its first packet would be decoded together with the end of the part before, which clicks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from contract.artifacts import VideoFormat
from contract.operations import Role
from contract.options.sound.loudness import LoudnessGoal
from gpu_worker.plan.encode import format_seconds
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.join.parts import Part, Slot
from gpu_worker.plan.join.transitions import sound_transition
from gpu_worker.plan.model import PlanOptions, local_name
from gpu_worker.plan.sound.decoding import Decoding, as_decoded
from gpu_worker.plan.sound.filters import continuous_filter, stereo_filter
from gpu_worker.plan.sound.leveling import MEASURE_FILTERS, MIN_SECONDS, level_sound
from gpu_worker.plan.sound.mix import NOTHING_TO_LEVEL, TOO_SHORT
from gpu_worker.plan.sound.part import AAC_ARGS, GIF_IS_SILENT, MIX_RATE, NO_SOUND, Sound, open_sounds, sound_in_format

_MARGIN = Fraction(1)
"""Seconds that are read after the end of a part: sounds and pictures are not stored side by side."""


class JoinedSound(NamedTuple):
    """The sound of the result, and the inputs that it needs: their arguments and fields, in the order of numbers.

    `last_args` are further outputs.
    """

    sound: Sound
    input_args: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    last_args: tuple[str, ...] = ()


def join_sounds(slots: Sequence[Slot], options: PlanOptions, goal: LoudnessGoal | None = None) -> JoinedSound:
    """Return the sound of the parts in the output's format. Their files are opened as inputs from number 1 on.

    The parts begin and end at the samples that are nearest to their times, so that no errors add up. With a `goal` a
    file with the whole sound, at its loudness, is made first.
    """
    heard = [slot.part for slot in slots if slot.part.audio is not None]
    end, max_pixels = slots[-1].end, options.max_pixels
    if options.format is VideoFormat.GIF:
        return JoinedSound(replace(NO_SOUND, warnings=(GIF_IS_SILENT,) if heard else ()))
    if goal is not None and heard and end >= MIN_SECONDS:
        return _level(slots, heard, goal, options)
    warnings = () if goal is None else (TOO_SHORT if heard else NOTHING_TO_LEVEL,)
    if not heard:
        return JoinedSound(replace(NO_SOUND, warnings=warnings))
    decoding, graph = _graph(slots, 1)
    numbered = list(enumerate(heard, 1))
    sound = Sound(("-map", "[sound]", *AAC_ARGS), graph, True, decoding, end, warnings=warnings)
    return JoinedSound(
        sound_in_format(sound, options.format),
        tuple(arg for _, part in numbered for arg in _open(part, max_pixels)),
        tuple(part.field for _, part in numbered),
        tuple(arg for number, part in numbered for arg in part.start_args(number, "V")),
    )


def _level(slots: Sequence[Slot], heard: Sequence[Part], goal: LoudnessGoal, options: PlanOptions) -> JoinedSound:
    decoding, graph = _graph(slots, 0, f",{MEASURE_FILTERS}")
    fields = tuple(part.field for part in heard)
    mixed = Sound(graph=graph, is_present=True, decoding=decoding, inputs=fields)
    sound = sound_in_format(level_sound(mixed, slots[-1].end, goal, options.max_pixels), options.format)
    if sound.leveling is not None:
        *before, mix = sound.leveling.steps
        leveling = replace(sound.leveling, steps=(*before, replace(mix, fields=fields)))
        sound = replace(sound, leveling=leveling)
    return JoinedSound(sound, open_sounds(sound.inputs, options.max_pixels))


def _graph(slots: Sequence[Slot], first_input: int, last: str = "") -> tuple[tuple[str, ...], str]:
    """Return the options that must precede the graph, and the graph, which ends with the filters `last`."""
    decoding = Decoding()
    sounds = [audio for slot in slots if (audio := slot.part.audio) is not None]
    labels = iter([decoding.label(audio, number) for number, audio in enumerate(sounds, first_input)])
    chains = (f"{_part_chain(slot, labels)}[s{index}]" for index, slot in enumerate(slots))
    graph = ";".join((*chains, _join(slots, last)))
    return decoding.args(), graph


def _open(part: Part, max_pixels: int) -> tuple[str, ...]:
    return ("-t", format_seconds(part.end + _MARGIN), *open_args(Role.VIDEO, local_name(part.field), max_pixels))


def _part_chain(slot: Slot, labels: Iterator[str]) -> str:
    """Return the sound of a part, exactly as long as its slot. Takes its label if it has a sound."""
    audio, samples = slot.part.audio, _count_samples(slot)
    if audio is None:
        return f"anullsrc=r={MIX_RATE}:cl=stereo,atrim=end_sample={samples}"
    label, audio = next(labels), as_decoded(audio)
    first = round(slot.part.begin * MIX_RATE)
    skip = (f"atrim=start_sample={first}", "asetpts=PTS-STARTPTS") if first else ()
    filters = (continuous_filter(audio, MIX_RATE), stereo_filter(audio), *skip, *_exact(samples))
    return label + ",".join(filters)


def _count_samples(slot: Slot) -> int:
    until = slot.end - slot.overlap
    return round(until * MIX_RATE) - round(slot.start * MIX_RATE) + round(slot.overlap * MIX_RATE)


def _exact(samples: int) -> tuple[str, str]:
    return f"apad=whole_len={samples}", f"atrim=end_sample={samples}"


def _join(slots: Sequence[Slot], last: str) -> str:
    if not any(slot.overlap for slot in slots):
        return f"{''.join(f'[s{index}]' for index in range(len(slots)))}concat=n={len(slots)}:v=0:a=1{last}[sound]"
    joins = []
    for index, slot in enumerate(slots[:-1]):
        first = f"[j{index}]" if index else "[s0]"
        result = f"[j{index + 1}]" if index + 2 < len(slots) else f"{last}[sound]"
        joins.append(f"{first}[s{index + 1}]{sound_transition(round(slot.overlap * MIX_RATE))}{result}")
    return ";".join(joins)
