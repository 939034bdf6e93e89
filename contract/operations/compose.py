from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.operations.base import Operation, examples
from contract.operations.inputs import CAPTIONS, NARRATION, PHOTO, AudioUrl, ImageUrl, SubtitlesUrl, VideoUrl
from contract.operations.picture import Duration, PictureOptions


class Compose(PictureOptions, Operation):
    """Combine a picture or a video with sound and subtitles in one encode.

    Send exactly one of `url_image` and `url_video`; with `url_video` also `url_audio`, `url_srt` or both.
    A clip from a picture lasts `duration`; without it as long as its sound, else as its subtitles, else 5 s.
    A video with `url_audio` ends with the shorter of the two; without it, the video keeps its own sound.
    `frame_rate`, `duration`, `size` and `fit` apply to a picture only.
    """

    model_config = examples({"url_image": PHOTO, "url_audio": NARRATION, "url_srt": CAPTIONS})

    path: ClassVar[str] = "/video/compose"
    kind: Literal["compose"] = "compose"
    url_image: ImageUrl | None = None
    url_video: VideoUrl | None = None
    url_audio: AudioUrl | None = None
    url_srt: SubtitlesUrl | None = None
    duration: Annotated[
        Duration | None,
        Field(description="Length of a clip from a picture in seconds, by default that of its sound."),
    ] = None

    @model_validator(mode="after")
    def _check_inputs(self) -> Self:
        if (self.url_image is None) == (self.url_video is None):
            raise ValueError("send url_image or url_video, exactly one of the two")
        if self.url_video is not None and self.url_audio is None and self.url_srt is None:
            raise ValueError("send url_audio or url_srt, or both, with url_video")
        return self
