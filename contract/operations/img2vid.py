from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from contract.limits import DEFAULT_DURATION
from contract.operations.base import Operation, examples
from contract.operations.inputs import PHOTO, ImageUrl
from contract.operations.picture import SceneLook, StillOptions
from contract.operations.picture.options import CLIP_AMOUNT
from contract.operations.picture.timing import Duration


class Img2Vid(StillOptions, Operation):
    """Turn a picture into a clip with a slow zoom or another motion.

    By default the zoom goes from 1.0 to 1.324 into the center, and the frame has 1920x1080 pixels. The clip has exactly
    `round(duration * frame_rate)` frames and no sound.
    """

    model_config = examples({"url_image": PHOTO}, {"url_image": PHOTO, "duration": 8, "aspect_ratio": "9:16"})

    path: ClassVar[str] = "/video/img2vid"
    kind: Literal["img2vid"] = "img2vid"
    url_image: ImageUrl
    duration: Duration = DEFAULT_DURATION

    def scene_looks(self) -> Mapping[str, SceneLook]:
        return {"url_image": self.scene_look(CLIP_AMOUNT)}
