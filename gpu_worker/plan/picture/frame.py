"""Put a video's picture into a frame of another size: cropped, on a color, or on a blurred copy of itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from contract.operations import Fit
from contract.options.output import Quality
from contract.options.picture import PictureOptions
from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.filters import picture_filters
from gpu_worker.plan.picture.blur import blur_chain
from gpu_worker.plan.picture.placement import center, nearest_even

_SPARE = 2
"""Source pixels that a crop leaves at each end; scaled, they are cropped to the exact shape."""

_STEP = 4
"""Crops begin at multiples of it, so that no chroma subsampling shifts them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The frames of the output, and the place of the picture in them. Width and height are even."""

    size: tuple[int, int]
    fit: Fit = Fit.COVER
    background: str = "#000000"
    scaler: str = "bicubic"


def requested_frame(options: PictureOptions, video: VideoFacts) -> Frame | None:
    """Return the frame that a request asks for; None if it is the one that the video has."""
    size = options.final_size(options.frame_size(video.display_size))
    shrinks = all(new <= own for new, own in zip(size, video.display_size, strict=True))
    # Takes a tenth of a draft's time less than bicubic. It would enlarge pixels as blocks.
    scaler = "area" if shrinks and options.quality is Quality.DRAFT else "bicubic"
    return None if size == video.display_size else Frame(size, options.fit, options.background, scaler)


def frame_chain(video: VideoFacts, frame: Frame | None, label: str = "fit") -> str:
    """Return the filters from decoded, upright frames to those of the output: BT.709, limited range, yuv420p.

    They keep the number of frames and their times. None of the labels, which begin with `label`, is at an end. Without
    a `frame` the video keeps its size.
    """
    if frame is None:
        return ",".join(picture_filters(video))
    if frame.fit is Fit.COVER:
        return ",".join(_cover_filters(video, frame.size, frame.scaler))
    inner = _inner_size(video, frame.size)
    scaled = ",".join(picture_filters(video, inner, scaler=frame.scaler))
    if inner == frame.size:
        return scaled
    if frame.fit is Fit.BLUR:
        return f"{scaled},{blur_chain(inner, frame.size, label)}"
    width, height = frame.size
    left, top = center(frame.size, inner)
    return f"{scaled},pad={width}:{height}:{left}:{top}:color={frame.background.replace('#', '0x')}"


def _cover_filters(video: VideoFacts, size: tuple[int, int], scaler: str) -> tuple[str, ...]:
    # Most of what is not shown is cropped before it is converted; the rest after scaling, where a pixel is small.
    (width, height), aspect = _upright(video)
    shape = Fraction(*size) / aspect
    left, top = _pixels_to_crop(width, height * shape), _pixels_to_crop(height, width / shape)
    kept_width, kept_height = width - 2 * left, height - 2 * top
    factor = max(size[0] / (kept_width * aspect), Fraction(size[1], kept_height))
    scaled = (
        max(size[0], nearest_even(kept_width * aspect * factor)),
        max(size[1], nearest_even(kept_height * factor)),
    )
    crop = _crop((width, height), left, top) if left or top else None
    filters = picture_filters(video, scaled, crop, scaler)
    if scaled == size:
        return filters
    x, y = center(scaled, size)
    return (*filters, f"crop={size[0]}:{size[1]}:{x}:{y}")


def _crop(size: tuple[int, int], left: int, top: int) -> str:
    """Return a crop of as much at both ends. In parts of the frame: later frames of a video may be smaller."""
    (width, height), kept = size, (size[0] - 2 * left, size[1] - 2 * top)
    place = f"iw*{left}/{width}:ih*{top}/{height}"
    return f"crop=iw*{kept[0]}/{width}:ih*{kept[1]}/{height}:{place}:exact=1"


def _pixels_to_crop(side: int, shown: Fraction) -> int:
    """Return the pixels to crop at each end of a side of which a part is shown."""
    return max(0, math.floor((side - shown) / 2) - _SPARE) // _STEP * _STEP


def _inner_size(video: VideoFacts, size: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size in the frame that has the picture's shape, to the nearest even number."""
    (width, height), aspect = _upright(video)
    factor = min(size[0] / (width * aspect), Fraction(size[1], height))
    return (
        min(size[0], nearest_even(width * aspect * factor)),
        min(size[1], nearest_even(height * factor)),
    )


def _upright(video: VideoFacts) -> tuple[tuple[int, int], Fraction]:
    """Return width and height of upright frames as they are decoded, and the aspect of their pixels."""
    if video.rotation in {90, 270}:
        return (video.height, video.width), 1 / video.sample_aspect
    return (video.width, video.height), video.sample_aspect
