"""Options of a sound that is added to a video."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contract.limits import MAX_VOLUME
from contract.options.fields import AnyCase, Metavar, Number, number_field
from contract.options.group import OptionGroup

MAX_FADE = 10.0
MUSIC_VOLUME_DB, MUSIC_FADE_IN, MUSIC_FADE_OUT = -18.0, 0.5, 2.0
"""Defaults of music: a change of level in dB, and seconds."""


class AudioMode(StrEnum):
    """Use of a new sound: in place of the video's own, mixed with it, or as music under it."""

    REPLACE = "replace"
    """The new sound in place of the video's own."""
    MIX = "mix"
    """Both sounds together."""
    MUSIC = "music"
    """The new sound quietly under the video's own, lower while somebody speaks."""


class FitAudio(StrEnum):
    """Treatment of a new sound that is shorter than the video. A longer one ends with the video."""

    CUT = "cut"
    """The video ends with the sound."""
    LOOP = "loop"
    """The sound is repeated."""
    PAD = "pad"
    """Silence follows the sound."""


def to_factor(decibels: float) -> float:
    """Return the factor that changes a level by this many decibels."""
    return float(10 ** (decibels / 20))


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
    float | None,
    number_field(0.0, MAX_VOLUME, "Factor for the new sound: 1, the default, leaves it unchanged.", 0.5),
    Number,
    Metavar("FACTOR"),
]
VolumeDb = Annotated[
    float | None,
    number_field(
        -60,
        12,
        "Change of the new sound's level in dB, in place of `volume`: 0 leaves it unchanged. "
        "By default 0, with `mode` `music` -18.",
        -6,
    ),
    Number,
    Metavar("DB"),
]

_BECOMES_LOUD = "Seconds in which the {} becomes loud at its start"
_BECOMES_SILENT = "Seconds in which the {} becomes silent before its end"
FadeIn = Annotated[float, number_field(0, MAX_FADE, f"{_BECOMES_LOUD.format('music')}.", 0.5), Number]
FadeOut = Annotated[float, number_field(0, MAX_FADE, f"{_BECOMES_SILENT.format('music')}.", 2), Number]
NewFadeIn = Annotated[
    float | None,
    number_field(
        0, MAX_FADE, f"{_BECOMES_LOUD.format('new sound')}. By default 0, with `mode` `music` {MUSIC_FADE_IN:g}.", 0.5
    ),
    Number,
    Metavar("SECONDS"),
]
NewFadeOut = Annotated[
    float | None,
    number_field(
        0, MAX_FADE, f"{_BECOMES_SILENT.format('new sound')}. By default 0, with `mode` `music` {MUSIC_FADE_OUT:g}.", 2
    ),
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
    volume: Volume = None
    volume_db: VolumeDb = None
    fade_in: NewFadeIn = None
    fade_out: NewFadeOut = None
    fit_audio: FitAudioChoice = None

    @property
    def gain(self) -> float:
        """The factor for the new sound."""
        is_music = self.mode is AudioMode.MUSIC
        if self.volume is not None:
            return self.volume
        return to_factor(self.volume_db if self.volume_db is not None else MUSIC_VOLUME_DB if is_music else 0.0)

    @property
    def fades(self) -> tuple[float, float]:
        """The seconds in which the new sound becomes loud and silent."""
        default_in, default_out = (MUSIC_FADE_IN, MUSIC_FADE_OUT) if self.mode is AudioMode.MUSIC else (0.0, 0.0)
        return (
            default_in if self.fade_in is None else self.fade_in,
            default_out if self.fade_out is None else self.fade_out,
        )

    @property
    def sound_fit(self) -> FitAudio:
        """The treatment of a new sound that is shorter than the video."""
        return self.fit_audio or (FitAudio.LOOP if self.mode is AudioMode.MUSIC else FitAudio.CUT)

    @model_validator(mode="after")
    def _check_volume(self) -> Self:
        if self.volume_db is not None and self.volume is not None:
            raise ValueError("send `volume` or `volume_db`; leave out one of the two")
        return self
