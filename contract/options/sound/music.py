"""Music under a voice."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field

from contract.base import Message
from contract.options.fields import Flag, Metavar, Number, OrText, number_field
from contract.options.group import OptionGroup
from contract.options.inputs import MUSIC, AudioUrl, OrUrl
from contract.options.sound.options import MUSIC_FADE_IN, MUSIC_FADE_OUT, MUSIC_VOLUME_DB, FadeIn, FadeOut, to_factor


class Ducking(Message):
    """The change of the music's level while somebody speaks."""

    amount_db: Annotated[float, number_field(0, 24, "By how many dB.", 10), Number] = 10.0
    attack: Annotated[
        float, number_field(0.02, 1, "Seconds in which it becomes quiet, before the first word.", 0.15), Number
    ] = 0.15
    release: Annotated[
        float, number_field(0.05, 3, "Seconds in which it becomes loud again after the last word.", 0.5), Number
    ] = 0.5


def _read_ducking(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        value = value.strip().lower() == "true"
    if isinstance(value, bool):
        return {} if value else {"amount_db": 0}
    return value


DuckingChoice = Annotated[
    Ducking,
    BeforeValidator(_read_ducking),
    OrText({"type": "boolean"}),
    Field(
        description="How much quieter the music is while somebody speaks: true, false, or an object.", examples=[False]
    ),
]


class Music(Message):
    """Music under the other sounds of a video, until its end."""

    url_audio: AudioUrl
    volume_db: Annotated[
        float, number_field(-60, 12, "Change of its level in dB: 0 leaves it unchanged.", -18), Number
    ] = MUSIC_VOLUME_DB
    ducking: DuckingChoice = Ducking()
    fade_in: FadeIn = MUSIC_FADE_IN
    fade_out: FadeOut = MUSIC_FADE_OUT
    loop: Annotated[bool, Flag, Field(description="Whether it repeats until the end.", examples=[False])] = True


class MusicBed(NamedTuple):
    """The music under the other sounds of a result: the field of its file, and how it sounds."""

    field: str
    gain: float
    fades: tuple[float, float]
    ducking: Ducking
    repeats: bool


class MusicOptions(OptionGroup):
    """Music under the sound of a video."""

    music: Annotated[
        Annotated[Music, OrUrl("url_audio", MUSIC)] | None,
        Field(description="Music under the other sounds: its URL, or an object with `url_audio`.", examples=[MUSIC]),
        Metavar("FILE|JSON"),
    ] = None

    def music_bed(self) -> MusicBed | None:
        if self.music is None:
            return None
        music = self.music
        fades = (music.fade_in, music.fade_out)
        return MusicBed("music.url_audio", to_factor(music.volume_db), fades, music.ducking, music.loop)
