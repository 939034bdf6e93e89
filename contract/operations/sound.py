"""Options of a sound that is added to a video."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contract.base import Message
from contract.limits import MAX_VOLUME
from contract.operations.fields import AnyCase, Metavar, Number


class AudioMode(StrEnum):
    """Use of a new sound: in place of the video's own, or mixed with it."""

    REPLACE = "replace"
    MIX = "mix"


AudioModeChoice = Annotated[
    AudioMode,
    AnyCase,
    Field(
        description="`replace` leaves only the new sound, `mix` plays it together with the video's own.",
        examples=[AudioMode.MIX],
    ),
]
Volume = Annotated[
    float,
    Field(
        ge=0.0, le=MAX_VOLUME, allow_inf_nan=False, description="Factor for the new sound: 1 leaves it unchanged.",
        examples=[0.5],
    ),
    Number,
    Metavar("FACTOR"),
]  # fmt: skip


class SoundOptions(Message):
    """Options that put a new sound under a video."""

    mode: AudioModeChoice = AudioMode.REPLACE
    volume: Volume = 1.0
