from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from contract.operations.base import Operation, examples
from contract.options.captions import CaptionOptions
from contract.options.inputs import CAPTIONS, CLIP, VideoUrl
from contract.options.picture import PictureOptions


class Caption(CaptionOptions, PictureOptions, Operation):
    """Draw captions into a video.

    Send exactly one of `url_srt`, `captions` and `words`. The sound is copied, and with `subtitle_mode` `soft` the
    picture, too. Styles that follow the speech take the times of `words`. Without them they find the words in the
    sound, where speech recognition is installed; else each caption's time is shared among its words by their length.
    Automatic captions from YouTube show each phrase once. Old text encodings are recognized and named in the warnings;
    other subtitle formats are refused by name.
    """

    model_config = examples(
        {"url_video": CLIP, "url_srt": CAPTIONS}, {"url_video": CLIP, "url_srt": CAPTIONS, "style": "karaoke"}
    )

    path: ClassVar[str] = "/video/caption"
    kind: Literal["caption"] = "caption"
    url_video: VideoUrl

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if len(self.caption_sources()) != 1:
            raise ValueError("send `url_srt`, `captions` or `words`, exactly one of them")
        return self
