from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from contract.operations.base import Operation, examples
from contract.options.inputs import CLIP, NARRATION, AudioUrl, VideoUrl
from contract.options.picture import PictureOptions
from contract.options.sound import AudioMode, FitAudio, SoundOptions
from contract.options.sound.loudness import LoudnessOptions
from contract.options.sound.music import Ducking, MusicBed, MusicOptions


class AddAudio(SoundOptions, MusicOptions, LoudnessOptions, PictureOptions, Operation):
    """Put a sound under a video.

    The picture is copied unchanged unless a size or an `overlay` is requested. The result ends with the shorter of the
    two, to the frame; `fit_audio` changes that. With the mode "music" it lasts as long as the video. `music` plays
    under all other sounds until the end.
    """

    model_config = examples(
        {"url_video": CLIP, "url_audio": NARRATION},
        {"url_video": CLIP, "url_audio": NARRATION, "mode": "mix", "volume": 0.4},
    )

    path: ClassVar[str] = "/video/addaudio"
    kind: Literal["addaudio"] = "addaudio"
    url_video: VideoUrl
    url_audio: AudioUrl

    def keeps_sound_of(self, _field: str) -> bool:
        return self.mode is not AudioMode.REPLACE

    def music_bed(self) -> MusicBed | None:
        if self.mode is not AudioMode.MUSIC:
            return super().music_bed()
        return MusicBed("url_audio", self.gain, self.fades, Ducking(), self.sound_fit is FitAudio.LOOP)

    @model_validator(mode="after")
    def _check_music(self) -> Self:
        if self.mode is AudioMode.MUSIC and self.music is not None:
            raise ValueError('send `music` or the mode "music"; leave out one of the two')
        return self
