"""Options of a sound that is added to a video."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contract.limits import MAX_VOLUME
from contract.operations.base import OptionGroup
from contract.operations.fields import AnyCase, Metavar, Number, number_field

MAX_FADE = 10.0


class AudioMode(StrEnum):
    """Use of a new sound: in place of the video's own, mixed with it, or as music under it."""

    REPLACE = "replace"
    MIX = "mix"
    MUSIC = "music"


class FitAudio(StrEnum):
    """What happens if the new sound is shorter than the video. If it is longer, it ends with the video."""

    CUT = "cut"
    LOOP = "loop"
    PAD = "pad"


AudioModeChoice = Annotated[
    AudioMode,
    AnyCase,
    Field(
        description=(
            "`replace` leaves only the new sound, `mix` plays it together with the video's own, `music` plays it "
            "quietly under the video's own and lowers it while somebody speaks."
        ),
        examples=[AudioMode.MIX],
    ),
]
Volume = Annotated[
    float,
    number_field(0.0, MAX_VOLUME, "Factor for the new sound: 1 leaves it unchanged.", 0.5),
    Number,
    Metavar("FACTOR"),
]
VolumeDb = Annotated[
    float | None,
    number_field(-60, 12, "Change of the sound's level in dB, in place of `volume`: 0 leaves it unchanged.", -6),
    Number,
    Metavar("DB"),
]


FadeIn = Annotated[
    float,
    number_field(0, MAX_FADE, "Seconds in which the new sound becomes loud at its start.", 0.5),
    Number,
    Metavar("SECONDS"),
]
FadeOut = Annotated[
    float,
    number_field(0, MAX_FADE, "Seconds in which the new sound becomes silent before its end.", 2),
    Number,
    Metavar("SECONDS"),
]
FitAudioChoice = Annotated[
    FitAudio | None,
    AnyCase,
    Field(
        description=(
            "If the new sound is shorter than the video: `cut` ends the video with it, `loop` repeats it, `pad` adds "
            "silence. By default `cut`, with `mode` `music` `loop`."
        ),
        examples=[FitAudio.PAD],
    ),
]


class SoundOptions(OptionGroup):
    """Options that put a new sound under a video."""

    mode: AudioModeChoice = AudioMode.REPLACE
    volume: Volume = 1.0
    volume_db: VolumeDb = None
    fade_in: FadeIn = 0.0
    fade_out: FadeOut = 0.0
    fit_audio: FitAudioChoice = None

    @model_validator(mode="after")
    def _check_volume(self) -> Self:
        if self.volume_db is not None and self.volume != 1.0:
            raise ValueError("send `volume` or `volume_db`; leave out one of the two")
        return self
