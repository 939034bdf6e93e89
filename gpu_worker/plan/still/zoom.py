"""The zoom into a still: slow, centered, at exact sub-pixel positions."""

from __future__ import annotations

from typing import NamedTuple

END_ZOOM = 1.324
"""Magnification of the last frame; the first is 1."""


class Box(NamedTuple):
    """A rectangle in the still, in pixels; edges are real numbers, not pixel indices."""

    left: float
    top: float
    right: float
    bottom: float

    def on_chroma(self, size: tuple[int, int]) -> Box:
        """Return the rectangle on a 4:2:0 chroma plane that is drawn at half of `size`, so that color stays on shapes.

        Chroma samples are midway between two lines, but on the left one of two columns (ITU-T H.264, figure E-1, type
        0). That is a quarter of a chroma pixel off the center, in still and frame alike, and these differ in scale.
        """
        shift = (1 - (self.right - self.left) / size[0]) / 4
        return Box(self.left / 2 + shift, self.top / 2, self.right / 2 + shift, self.bottom / 2)


def zoom(index: int, frames: int) -> float:
    """Return the magnification of a frame: linear, END_ZOOM on the last one. A single frame is not zoomed."""
    return 1.0 if frames < 2 else 1.0 + (END_ZOOM - 1.0) * index / (frames - 1)


def view(index: int, frames: int, still_size: tuple[int, int]) -> Box:
    """Return the part of the still that a frame shows."""
    factor = zoom(index, frames)
    width, height = still_size
    half_width, half_height = width / factor / 2, height / factor / 2
    return Box(width / 2 - half_width, height / 2 - half_height, width / 2 + half_width, height / 2 + half_height)


def still_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which the still has at least one pixel per pixel of the closest view."""
    width, height = (2 * round(side * END_ZOOM / 2) for side in size)
    return width, height
