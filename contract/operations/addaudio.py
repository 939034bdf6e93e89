from __future__ import annotations

from typing import ClassVar, Literal

from contract.operations.base import Operation, examples
from contract.operations.inputs import CLIP, NARRATION, AudioUrl, VideoUrl
from contract.operations.sound import AudioMode, SoundOptions


class AddAudio(SoundOptions, Operation):
    """Put a sound under a video.

    The picture is copied unchanged, and the result ends with the shorter of the two, to the frame.
    """

    model_config = examples(
        {"url_video": CLIP, "url_audio": NARRATION},
        {"url_video": CLIP, "url_audio": NARRATION, "mode": "mix", "volume": 0.4},
    )

    path: ClassVar[str] = "/video/addaudio"
    kind: Literal["addaudio"] = "addaudio"
    url_video: VideoUrl
    url_audio: AudioUrl

    def keeps_own_sound(self) -> bool:
        return self.mode is AudioMode.MIX
