from __future__ import annotations

from typing import ClassVar, Literal

from contract.limits import DEFAULT_DURATION
from contract.operations.base import Operation, examples
from contract.operations.inputs import PHOTO, ImageUrl
from contract.operations.picture import Duration, PictureOptions


class Img2Vid(PictureOptions, Operation):
    """Turn a picture into a clip with a slow zoom.

    The zoom goes from 1.0 to 1.324 into the center. The clip has exactly `round(duration * frame_rate)` frames and no
    sound.
    """

    model_config = examples({"url_image": PHOTO}, {"url_image": PHOTO, "duration": 8, "size": "1080x1920"})

    path: ClassVar[str] = "/video/img2vid"
    kind: Literal["img2vid"] = "img2vid"
    url_image: ImageUrl
    duration: Duration = DEFAULT_DURATION
