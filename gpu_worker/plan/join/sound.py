"""The sound of joined videos: each part's at its exact sample, silence where there is none, encoded once.

Copied AAC cannot do this: a packet has 1024 samples, so that each part's sound would begin up to 11 ms too early or too
late, and its first packet would be decoded together with the end of the part before, which clicks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from contract.operations import Role
from gpu_worker.plan.encode import format_seconds
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.join.parts import Slot
from gpu_worker.plan.join.transitions import sound_transition
from gpu_worker.plan.model import local_name
from gpu_worker.plan.sound.decoding import Decoding, as_decoded
from gpu_worker.plan.sound.filters import continuous_filter, stereo_filter
from gpu_worker.plan.sound.part import AAC_ARGS, MIX_RATE, NO_SOUND, Sound

_MARGIN = Fraction(1)
"""Seconds that are read after the end of a part: sounds and pictures are not stored side by side."""


class JoinedSound(NamedTuple):
    """The sound of the result, and the inputs that it needs: their arguments and fields, in the order of numbers."""

    sound: Sound
    input_args: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def join_sounds(slots: Sequence[Slot], first_input: int, max_pixels: int) -> JoinedSound:
    """Return the sound of the parts, whose files are opened as inputs from number `first_input` on.

    The parts begin and end at the samples that are nearest to their times, so that no errors add up.
    """
    sounds = [(slot.part.field, slot.part.end, audio) for slot in slots if (audio := slot.part.audio) is not None]
    if not sounds:
        return JoinedSound(NO_SOUND)
    decoding = Decoding()
    left = iter([decoding.label(audio, number) for number, (_, _, audio) in enumerate(sounds, first_input)])
    chains = (_part_chain(slot, left) for slot in slots)
    graph = ";".join((*(f"{chain}[s{index}]" for index, chain in enumerate(chains)), _join(slots)))
    args = (arg for field, end, _ in sounds for arg in _open(field, end, max_pixels))
    return JoinedSound(
        Sound(("-map", "[sound]", *AAC_ARGS), graph, True, decoding.args(), slots[-1].end),
        tuple(args),
        tuple(field for field, _, _ in sounds),
    )


def _open(field: str, end: Fraction, max_pixels: int) -> tuple[str, ...]:
    return ("-t", format_seconds(end + _MARGIN), "-vn", *open_args(Role.VIDEO, local_name(field), max_pixels))


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


def _join(slots: Sequence[Slot]) -> str:
    if not any(slot.overlap for slot in slots):
        return f"{''.join(f'[s{index}]' for index in range(len(slots)))}concat=n={len(slots)}:v=0:a=1[sound]"
    joins = []
    for index, slot in enumerate(slots[:-1]):
        first = f"[j{index}]" if index else "[s0]"
        result = f"[j{index + 1}]" if index + 2 < len(slots) else "[sound]"
        joins.append(f"{first}[s{index + 1}]{sound_transition(round(slot.overlap * MIX_RATE))}{result}")
    return ";".join(joins)
