"""Options of the picture, and of clips that are made from pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract.limits import DEFAULT_FRAME_RATE
from contract.options.output import OutputOptions
from contract.options.picture.fit import Fit
from contract.options.picture.motion import Motion, MotionChoice
from contract.options.picture.scene import SceneImage
from contract.options.picture.size import SizeOptions
from contract.options.picture.timing import FrameRate
from contract.options.picture.watermark import WatermarkOptions

DEFAULT_FRAME = 1920, 1080
"""Width and height of clips from pictures."""

CLIP_AMOUNT, SLIDE_AMOUNT = 0.324, 0.12
"""Default amounts of motion: in a clip of one picture, and in a slideshow, which shows each for a few seconds."""


class SceneLook(NamedTuple):
    """The look of one picture: the size of the frame, its place in the frame, and the motion over it.

    `motion.amount` is a number here, never None.
    """

    size: tuple[int, int]
    fit: Fit
    background: str
    motion: Motion


class PictureOptions(SizeOptions, WatermarkOptions, OutputOptions):
    """Options of every operation that encodes a picture: its size, a picture over it, and the finished file."""


class StillOptions(PictureOptions):
    """Options that turn a picture into a clip."""

    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    motion: MotionChoice = Motion()

    def requested(self) -> dict[str, object]:
        """Return the fields that differ from their defaults. For a picture the usual size is one."""
        fields = super().requested()
        if fields.get("size") == "{}x{}".format(*DEFAULT_FRAME) and self.scene_looks():
            del fields["size"]
        return fields

    def scene_look(self, default_amount: float, image: SceneImage | None = None) -> SceneLook:
        """Return how a picture is shown: as `image` states it, else as the request does.

        `default_amount` is that of its motion.
        """
        motion, fit = (image and image.motion) or self.motion, (image and image.fit) or self.fit
        if motion.amount is None:
            motion = motion.model_copy(update={"amount": default_amount})
        return SceneLook(self.final_size(self.frame_size(DEFAULT_FRAME)), fit, self.background, motion)

    def looks_of(self, images: Sequence[SceneImage], default_amount: float) -> Mapping[str, SceneLook]:
        """Return how each of several pictures is shown, by the field of the input."""
        return {
            f"images.{index}.url_image": self.scene_look(default_amount, image) for index, image in enumerate(images)
        }
