from __future__ import annotations

from typing import ClassVar, Literal

from contract.operations.base import Operation, examples
from contract.operations.inputs import CAPTIONS, CLIP, SubtitlesUrl, VideoUrl


class Caption(Operation):
    """Draw subtitles into a video.

    The sound is copied. Automatic captions from YouTube show each phrase once. Old text encodings are recognized and
    named in the warnings; other subtitle formats are refused by name.
    """

    model_config = examples({"url_video": CLIP, "url_srt": CAPTIONS})

    path: ClassVar[str] = "/video/caption"
    kind: Literal["caption"] = "caption"
    url_video: VideoUrl
    url_srt: SubtitlesUrl
