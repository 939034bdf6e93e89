from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.operations.base import Operation, examples
from contract.options.captions import CaptionOptions
from contract.options.inputs import CAPTIONS, NARRATION, PHOTO, AudioUrl, ImageUrl, VideoUrl
from contract.options.picture import SceneLook, StillOptions
from contract.options.picture.options import CLIP_AMOUNT
from contract.options.picture.timing import Duration
from contract.options.sound.loudness import LoudnessOptions
from contract.options.sound.music import MusicOptions


class Compose(CaptionOptions, StillOptions, MusicOptions, LoudnessOptions, Operation):
    """Combine a picture or a video with sound and captions in one encode.

    Send exactly one of `url_image` and `url_video`; with `url_video` also `url_audio`, captions or both. Captions come
    from one of `url_srt`, `captions` and `words`.
    A clip from a picture lasts `duration`; without it as long as its sound, else as its captions, else 5 s.
    A video with `url_audio` ends with the shorter of the two; without it, the video keeps its own sound. `music` plays
    under that sound until the end.
    `frame_rate`, `duration` and `motion` apply to a picture only, the size and `fit` to both.
    A clip from a picture has 1920x1080 pixels by default; a video keeps its size.
    """

    model_config = examples(
        {"url_image": PHOTO, "url_audio": NARRATION, "url_srt": CAPTIONS},
        {"url_image": PHOTO, "url_audio": NARRATION, "url_srt": CAPTIONS, "size": "1080x1920", "style": "karaoke"},
    )

    path: ClassVar[str] = "/video/compose"
    kind: Literal["compose"] = "compose"
    url_image: ImageUrl | None = None
    url_video: VideoUrl | None = None
    url_audio: AudioUrl | None = None
    duration: Annotated[
        Duration | None,
        Field(description="Length of a clip from a picture in seconds, by default that of its sound."),
    ] = None

    def stated_seconds(self) -> float | None:
        return None if self.url_image is None else self.duration

    def scene_looks(self) -> Mapping[str, SceneLook]:
        return {} if self.url_image is None else {"url_image": self.scene_look(CLIP_AMOUNT)}

    @model_validator(mode="after")
    def _check_inputs(self) -> Self:
        if (self.url_image is None) == (self.url_video is None):
            raise ValueError("send url_image or url_video, exactly one of the two")
        sources = self.caption_sources()
        if len(sources) > 1:
            raise ValueError("send only one of `url_srt`, `captions` and `words`")
        if self.needs_speech() and self.url_video is None and self.url_audio is None:
            raise ValueError("captions `auto` need speech; with url_image also send url_audio")
        has_sound = self.url_audio or self.music or self.loudness_goal()
        if self.url_video is not None and not (has_sound or sources or self.has_size or self.overlay):
            raise ValueError(
                "with url_video also send url_audio, captions in `url_srt`, `captions` or `words`, `music`, "
                "`loudness`, an `overlay`, or a size"
            )
        return self
