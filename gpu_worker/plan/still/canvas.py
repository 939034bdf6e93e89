"""The first step of every clip made from a picture: bring it to the size of the closest view, once."""

from __future__ import annotations

import math

from contract.operations import Fit, Role
from gpu_worker.media.info import PhotoInfo
from gpu_worker.plan.input_args import PROTOCOL_ARGS
from gpu_worker.plan.model import PIXELS, FrameSource, Step
from gpu_worker.plan.still.zoom import still_size

STILL = "still.yuv"

_SCALE = "scale=flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"
"""As near to a float Lanczos as zimg is (57.5 dB for a photo), at three quarters of its cost: pixels are packed RGB."""


def still_step(image: PhotoInfo, size: tuple[int, int], fit: Fit) -> Step:
    """Write the picture as raw yuv420p, BT.709 limited range, at `camera.still_size(size)`."""
    still = still_size(size)
    filters = _cover(image, still) if fit is Fit.COVER else _contain(image, still)
    args = (
        *PROTOCOL_ARGS,
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{image.width}x{image.height}", "-i", PIXELS),
        *("-map", "0:v:0", "-frames:v", "1", "-vf", ",".join(filters)),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-y", STILL),
    )
    return Step(args=args, seconds=0.0, decodes=Role.IMAGE)


def still_frame_source(size: tuple[int, int], frames: int) -> FrameSource:
    """What feeds the encoder once `still_step` has run."""
    return FrameSource(path=STILL, still_size=still_size(size), size=size, frames=frames)


def parse_size(size: str) -> tuple[int, int]:
    """`1920x1080` as numbers; the contract has checked it."""
    width, height = size.split("x")
    return int(width), int(height)


def _cover(image: PhotoInfo, still: tuple[int, int]) -> tuple[str, ...]:
    # Cropping first keeps a panorama from being enlarged whole. It leaves a little too much, the
    # same on both sides, and the rest is cut after scaling, where one pixel is small: cropping a
    # 10-pixel-wide picture to whole pixels would stretch it by a tenth.
    width, height = still
    kept_width = _kept(image.width, math.ceil(image.height * width / height))
    kept_height = _kept(image.height, math.ceil(image.width * height / width))
    factor = max(width / kept_width, height / kept_height)
    scaled = max(width, _nearest_even(kept_width * factor)), max(height, _nearest_even(kept_height * factor))
    crop = f"crop=w={kept_width}:h={kept_height}:exact=1"
    return crop, *_scaled(scaled, f"crop={width}:{height}")


def _contain(image: PhotoInfo, still: tuple[int, int]) -> tuple[str, ...]:
    width, height = still
    factor = min(width / image.width, height / image.height)
    scaled = (
        max(2, min(width, _nearest_even(image.width * factor))),
        max(2, min(height, _nearest_even(image.height * factor))),
    )
    return _scaled(scaled, f"pad={width}:{height}:-1:-1:black")


def _scaled(size: tuple[int, int], placed: str) -> tuple[str, ...]:
    """Scale, then place in the still. 4:4:4 between the two: in 4:2:0 a place would be rounded to two pixels."""
    return f"{_SCALE}:w={size[0]}:h={size[1]}", "setsar=1", "format=yuv444p", placed, "format=yuv420p"


def _kept(side: int, needed: int) -> int:
    """Pixels of a side that are left by a crop: 2 more than needed at each end, and what makes both ends alike."""
    return side - 2 * max(0, (side - needed - 4) // 2)


def _nearest_even(value: float) -> int:
    """The nearest even number; halfway, the lower one. Even, so that the crop is symmetric."""
    return math.ceil(value / 2 - 0.5) * 2
