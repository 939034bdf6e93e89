"""Place captions in their region: the point that they are anchored to, and how they enter."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from contract.options.captions.choices import Animation
from contract.options.captions.presets import Technique
from gpu_worker.media.info import BOTTOM
from gpu_worker.plan.captions.look import WORD_PADDING, Look

GROWTH = 1.15
"""The factor by which a word grows when it pops."""
MIN_SCALE = 0.15
"""Text is not made smaller than this share of its size: it could not be read."""
_MIDDLE = 5
_ENTRY_MS = 150
_BOX_PADDING = 0.3
"""Space between text and the edge of its box, in em."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An anchor as on a number pad, its point in pixels, and the size of the largest text, in pixels."""

    anchor: int
    x: float
    y: float
    width: float
    height: float

    @property
    def column(self) -> int:
        """0 if text begins at the point, 1 if it is centered there, 2 if it ends there."""
        return (self.anchor - 1) % 3

    @property
    def row(self) -> int:
        """0 if the point is at the foot of the text, 1 in its middle, 2 at its head."""
        return (self.anchor - 1) // 3

    def left(self, width: float) -> float:
        """Return the left edge of a text of this width."""
        return self.x - width * self.column / 2

    def top(self, height: float) -> float:
        """Return the upper edge of a text of this height."""
        return self.y - height * (2 - self.row) / 2


def padding(look: Look) -> float:
    """Return the pixels by which the box is larger than the text."""
    return _BOX_PADDING * look.em


def reach(look: Look) -> float:
    """Return the pixels by which outline, shadow or box extend beyond the letters."""
    own = WORD_PADDING * look.em if look.word_box else 0.0
    return padding(look) if look.box else max(own, look.outline_width + look.shadow)


def place(look: Look, default: int = BOTTOM) -> Placement:
    """Return where text goes. `default` is the anchor that the subtitles want."""
    anchor = look.anchor or default
    region, edge = look.region, reach(look)
    dx, dy = look.shift
    left, right = region.left + edge, region.right - edge
    top, bottom = region.top + edge, region.bottom - edge
    if look.technique is Technique.POP:
        # A word as wide as the line still fits when it has grown.
        grown = (right - left) * (1 - 1 / GROWTH) / 2
        left, right = left + grown, right - grown
    row, column = (anchor - 1) // 3, (anchor - 1) % 3
    center = look.frame[0] / 2
    x = (left, center, right)[column]
    # Text in the middle is centered in the frame, so a region that reaches further to one side is not used up.
    width = 2 * min(center - left, right - center) if column == 1 else right - left
    y = (bottom, (top + bottom) / 2, top)[row]
    return Placement(anchor, x + dx, y + dy, width, bottom - top)


def fit(at: Placement, size: tuple[float, float], look: Look) -> tuple[Placement, float]:
    """Return where a text of this size, in pixels, goes, and the share of its size at which it fits.

    Text turns around its middle. An offset moves it to the edge of the frame at most.
    """
    width, height = size
    angle = math.radians(look.rotation)
    sine, cosine = abs(math.sin(angle)), math.cos(angle)
    wide, high = width * cosine + height * sine, width * sine + height * cosine
    scale = max(MIN_SCALE, min(1.0, at.width / wide, at.height / high))
    edge, (frame_width, frame_height) = reach(look), look.frame
    left = _limit(at.left(wide * scale), edge, frame_width - edge - wide * scale)
    top = _limit(at.top(high * scale), edge, frame_height - edge - high * scale)
    if look.rotation:
        return replace(at, anchor=_MIDDLE, x=left + wide * scale / 2, y=top + high * scale / 2), scale
    moved = left - at.left(wide * scale), top - at.top(high * scale)
    return replace(at, x=at.x + moved[0], y=at.y + moved[1]), scale


def _limit(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))


def position_tags(at: Placement, look: Look) -> str:
    """Return the commands that put an event at its place."""
    turned = f"\\frz{-look.rotation:g}" if look.rotation else ""
    return f"\\an{at.anchor}\\pos({at.x:.1f},{at.y:.1f}){turned}"


def entry_tags(at: Placement, look: Look, event_ms: int) -> str:
    """Return the commands that put an event at its place and let it enter, in the time that it has."""
    lasting = min(_ENTRY_MS, event_ms)
    still = position_tags(at, look)
    if look.animation is Animation.FADE:
        return f"{still}\\fad({lasting},0)"
    if look.animation is Animation.POP:
        return f"{still}\\fscx80\\fscy80\\t(0,{lasting},\\fscx100\\fscy100)"
    if look.animation is Animation.SLIDE_UP:
        start = f"{at.x:.1f},{at.y + look.em / 2:.1f}"
        moved = still.replace(f"\\pos({at.x:.1f},{at.y:.1f})", f"\\move({start},{at.x:.1f},{at.y:.1f},0,{lasting})")
        return f"{moved}\\fad({lasting},0)"
    return still
