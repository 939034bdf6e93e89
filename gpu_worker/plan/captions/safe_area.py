"""The region of a frame that captions may use, in pixels."""

from __future__ import annotations

from typing import NamedTuple

from contract.options.captions.choices import SafeArea
from contract.options.captions.style import CaptionStyle


class Region(NamedTuple):
    """Edges in pixels from the frame's left and top."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


_FREE: dict[SafeArea, tuple[float, float, float, float]] = {
    SafeArea.TIKTOK: (0.06, 0.07, 0.84, 0.75),
    SafeArea.REELS: (0.06, 0.14, 0.94, 0.65),
    SafeArea.SHORTS: (0.06, 0.08, 0.86, 0.78),
    SafeArea.SOCIAL: (0.06, 0.14, 0.84, 0.65),
}
"""Left, top, right and bottom as shares of a frame of 9:16. TikTok covers 130 pixels at the top, 480 at the bottom and
164 at the right of 1080x1920; Meta wants 14 %, 35 % and 6 % at the sides kept free; `social` is what all leave."""

_SIDE, _FOOT = 0.06, 0.06
"""Default margins as shares of width and height."""
_MIN_SHARE = 0.2
"""The region keeps at least this share of the frame, whatever the margins."""


def caption_region(style: CaptionStyle, size: tuple[int, int]) -> Region:
    """Return the frame without its margins, and without what the platform of `style.safe_area` covers."""
    width, height = size
    name = style.safe_area or (SafeArea.SOCIAL if height > width else SafeArea.NONE)
    left, top, right, bottom = _FREE.get(name, (0.0, 0.0, 1.0, 1.0))
    side = _SIDE if style.margin.x is None else style.margin.x / 100
    foot = _FOOT if style.margin.y is None else style.margin.y / 100
    left, right = _at_least(max(left, side), min(right, 1 - side))
    top, bottom = _at_least(max(top, foot), min(bottom, 1 - foot))
    return Region(left * width, top * height, right * width, bottom * height)


def _at_least(low: float, high: float) -> tuple[float, float]:
    if high - low >= _MIN_SHARE:
        return low, high
    middle = (low + high) / 2
    return middle - _MIN_SHARE / 2, middle + _MIN_SHARE / 2
