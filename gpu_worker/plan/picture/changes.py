"""Changes that a request makes to the picture of a video."""

from __future__ import annotations

from dataclasses import dataclass

from contract.options.picture import PictureOptions
from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.model import Inputs, Step
from gpu_worker.plan.picture.frame import Frame, requested_frame
from gpu_worker.plan.picture.watermark import Watermark, requested_watermark, watermark_step


@dataclass(frozen=True, slots=True)
class PictureChanges:
    """A frame of another size, a watermark, both or neither. A picture that changes cannot be copied."""

    frame: Frame | None = None
    watermark: Watermark | None = None

    @property
    def is_changed(self) -> bool:
        return self.frame is not None or self.watermark is not None

    def size(self, video: VideoFacts) -> tuple[int, int]:
        """Return width and height of the output."""
        return video.display_size if self.frame is None else self.frame.size

    def steps(self) -> tuple[Step, ...]:
        """Return the steps that must precede the encode."""
        return () if self.watermark is None else (watermark_step(self.watermark),)


UNCHANGED = PictureChanges()


def may_copy_picture(options: PictureOptions, video: VideoFacts) -> bool:
    """Return True if a request for an MP4 asks for no other picture than that of a video. A draft may be a copy."""
    return options.overlay is None and options.frame_size(video.display_size) == video.display_size


def requested_changes(options: PictureOptions, inputs: Inputs, video: VideoFacts) -> PictureChanges:
    """Return the changes that a request makes to a video."""
    frame = requested_frame(options, video)
    size = video.display_size if frame is None else frame.size
    return PictureChanges(frame, requested_watermark(options, inputs, size))
