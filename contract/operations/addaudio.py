from __future__ import annotations

from typing import ClassVar, Literal

from contract.operations.base import Operation, examples
from contract.operations.inputs import CLIP, NARRATION, AudioUrl, VideoUrl
from contract.operations.picture import PictureOptions
from contract.operations.sound import AudioMode, SoundOptions
from contract.operations.sound.loudness import LoudnessOptions
from contract.operations.sound.music import MusicOptions


class AddAudio(SoundOptions, MusicOptions, LoudnessOptions, PictureOptions, Operation):
    """Put a sound under a video.

    The picture is copied unchanged unless a size or an `overlay` is requested. The result ends with the shorter of the
    two, to the frame; `fit_audio` changes that.
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
