from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.artifacts import Artifact, numbered
from contract.limits import DEFAULT_DURATION, MAX_CLIPS
from contract.operations.base import Operation, examples
from contract.options.fields import Metavar
from contract.options.inputs import PHOTO, SECOND_PHOTO, ImageUrl, OrUrl
from contract.options.picture import SceneLook, StillOptions
from contract.options.picture.options import CLIP_AMOUNT
from contract.options.picture.scene import SceneImage
from contract.options.picture.timing import Duration


class ClipImage(SceneImage):
    """The picture of one of several clips. What is left out is as the request states it for all."""

    duration: Annotated[Duration | None, Field(description="Length of its clip in seconds.", examples=[4])] = None


class Img2Vid(StillOptions, Operation):
    """Turn a picture, or each of several, into a clip with a slow zoom or another motion.

    Send `url_image`, or up to 20 pictures in `images`: each becomes a video of its own, `output_1.mp4`, `output_2.mp4`
    and so on, in their order. By default the zoom goes from 1.0 to 1.324 into the center, and the frame has 1920x1080
    pixels. A clip has exactly `round(duration * frame_rate)` frames and no sound.
    """

    model_config = examples({"url_image": PHOTO}, {"url_image": PHOTO, "duration": 8, "aspect_ratio": "9:16"})

    path: ClassVar[str] = "/video/img2vid"
    kind: Literal["img2vid"] = "img2vid"
    url_image: ImageUrl | None = None
    images: Annotated[
        tuple[Annotated[ClipImage, OrUrl("url_image", PHOTO)], ...],
        Field(
            max_length=MAX_CLIPS,
            description=(
                "The pictures of several clips in their order: URLs, or objects with `url_image` and what differs."
            ),
            examples=[[PHOTO, SECOND_PHOTO]],
        ),
        Metavar("FILE|JSON"),
    ] = ()
    duration: Duration = DEFAULT_DURATION

    def main_artifact(self) -> Artifact:
        return numbered(super().main_artifact(), 1) if self.images else super().main_artifact()

    def further_artifacts(self) -> tuple[Artifact, ...]:
        clip = super().main_artifact()
        others = (numbered(clip, number) for number in range(2, len(self.images) + 1))
        return (*others, *super().further_artifacts())

    def scene_looks(self) -> Mapping[str, SceneLook]:
        if self.images:
            return self.looks_of(self.images, CLIP_AMOUNT)
        return {"url_image": self.scene_look(CLIP_AMOUNT)}

    def durations(self) -> tuple[float, ...]:
        """Return the lengths of the clips in seconds, in their order."""
        stated = [image.duration for image in self.images] or [None]
        return tuple(self.duration if seconds is None else seconds for seconds in stated)

    @model_validator(mode="after")
    def _check_pictures(self) -> Self:
        if (self.url_image is None) != bool(self.images):
            raise ValueError("send `url_image` or `images`, exactly one of the two")
        if len(self.images) > 1 and self.poster is not None:
            raise ValueError("`poster` is a picture of one video; leave it out, or send one picture per request")
        if len(self.images) > 1 and self.output_filename is not None:
            raise ValueError("`output_filename` names one video; leave it out, or send one picture per request")
        return self
