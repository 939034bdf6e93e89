"""The shapes of transitions: which part of the new picture each sample of a plane shows.

Luma and chroma follow the same shape in the frame, though chroma planes have half the samples a side.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from gpu_worker.frames.blend import FULL, WeightsOf
from gpu_worker.frames.resampler import plane_sizes

_HARD_EDGE = 2.0
"""Width of the edges of wipes and circles, in pixels."""
_SMOOTH_PART = 0.5
"""Width of the edge of a smooth wipe, in parts of the frame."""
_DISTANCE_UNITS = 8
"""Units of distances per pixel, stored in 16 bits: the largest, half a diagonal, is 22,000."""
_SEED = 7

Direction = tuple[int, int]
"""The direction in which an edge moves: x is -1 for left, 1 for right; y is -1 for up, 1 for down; the other is 0."""


class Masks:
    """The masks of one frame size. Thread-safe; those that take long to make are made once."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.plane_sizes = plane_sizes(size)

    def wipe(self, plane: int, progress: float, direction: Direction, *, is_smooth: bool = False) -> WeightsOf:
        """Return the weights behind an edge that goes through the frame."""
        axis = 0 if direction[0] else 1
        length, samples = self.size[axis], self.plane_sizes[plane][axis]
        edge = _SMOOTH_PART * length if is_smooth else _HARD_EDGE
        place = (np.arange(samples) + 0.5) * (length / samples)
        way = place if sum(direction) > 0 else length - place
        part = np.clip((progress * (length + edge) - way) / edge, 0, 1)
        if is_smooth:
            part = part * part * (3 - 2 * part)
        weights = np.rint(part * FULL).astype(np.uint16)
        return (lambda _rows: weights) if axis == 0 else (lambda rows: weights[rows, None])

    def circle(self, plane: int, progress: float, *, opens: bool) -> WeightsOf:
        """Return the weights in a growing circle, or around a shrinking one."""
        distances = self._distances[min(plane, 1)]
        half = round(_HARD_EDGE * _DISTANCE_UNITS)
        reach = float(np.hypot(*self.size)) / 2 * _DISTANCE_UNITS + half
        radius = round(reach * (progress if opens else 1 - progress))

        def weights(rows: slice) -> NDArray[np.uint16]:
            inside = np.clip(radius - distances[rows], 0, half)
            return ((inside if opens else half - inside) * (FULL // half)).astype(np.uint16)

        return weights

    def dissolve(self, plane: int, progress: float) -> NDArray[np.bool_]:
        """Return a random choice of samples, of which those of earlier frames stay chosen."""
        return self._thresholds[min(plane, 1)] < np.uint8(round(progress * (FULL - 1)))

    @functools.cached_property
    def _distances(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """The distances of luma and chroma samples from the center of the frame."""
        return self._distances_of(0), self._distances_of(1)

    def _distances_of(self, plane: int) -> NDArray[np.int16]:
        (columns, rows), (width, height) = self.plane_sizes[plane], self.size
        across = (np.arange(columns, dtype=np.float32) + 0.5) * (width / columns) - width / 2
        down = (np.arange(rows, dtype=np.float32) + 0.5) * (height / rows) - height / 2
        distances: NDArray[np.float32] = np.hypot(across[None, :], down[:, None])
        return np.rint(distances * _DISTANCE_UNITS).astype(np.int16)

    @functools.cached_property
    def _thresholds(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Random thresholds of luma and chroma samples: the four pixels of a chroma sample have the same one."""
        columns, rows = self.plane_sizes[1]
        chroma = np.random.default_rng(_SEED).integers(0, FULL - 1, (rows, columns), dtype=np.uint8)
        return chroma.repeat(2, axis=0).repeat(2, axis=1), chroma
