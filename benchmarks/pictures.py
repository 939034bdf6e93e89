"""Measure the steadiness and sharpness of pictures on arrays of luma."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Points = NDArray[np.float64]
"""Rows of x and y. The edges of the picture are at 0 and its size; the center of a pixel is at its index plus 0.5."""

SIGMA = 10.0
"""Radius of a dot, in pixels of a picture of 4608x2592: 4 to 6 in one of 1920x1080, beyond any resampler's limits."""


class Jitter(NamedTuple):
    """Pixels. `rms` against the path, `velocity` from frame to frame, both per axis; `worst` is the farthest dot."""

    rms: float
    velocity: float
    worst: float


def luma(picture: bytes | memoryview, size: tuple[int, int]) -> Luma:
    """The first plane of a raw picture of (width, height)."""
    width, height = size
    return np.frombuffer(picture, np.uint8, width * height).reshape(height, width)


def dots(size: tuple[int, int], grid: tuple[int, int] = (16, 9), sigma: float = SIGMA) -> tuple[Luma, Points]:
    """Return a black picture with a grid of white Gaussian dots, and the positions of the dots."""
    width, height = size
    xs = (np.arange(grid[0]) + 0.5) * width / grid[0]
    ys = (np.arange(grid[1]) + 0.5) * height / grid[1]
    across = _profile(width, xs, sigma)
    down = _profile(height, ys, sigma)
    picture = np.rint(255 * np.outer(down, across)).astype(np.uint8)
    return picture, np.array([(x, y) for y in ys for x in xs])


def _profile(length: int, centers: Points, sigma: float) -> Points:
    places = np.arange(length) + 0.5
    profile: Points = np.exp(-((places[:, None] - centers) ** 2) / (2 * sigma**2)).sum(axis=1)
    return profile


def on_path(points: Points, size: tuple[int, int], shown: tuple[int, int], zoom: float) -> Points:
    """Return the positions to which a centered zoom moves points of a picture of `size` in a frame of size `shown`."""
    middle, scale = np.array(size) / 2, np.array(shown) / np.array(size) * zoom
    placed: Points = np.array(shown) / 2 + (points - middle) * scale
    return placed


def centroids(picture: Luma, near: Points, radius: int) -> Points:
    """Return the centroid of what is brighter than the background, in a square around each of the points."""
    ground = float(np.median(picture))
    found = np.empty_like(near)
    for row, (x, y) in enumerate(near):
        left, top = round(x) - radius, round(y) - radius
        window = np.clip(picture[top : top + 2 * radius, left : left + 2 * radius] - ground, 0, None)
        places = np.arange(2 * radius) + 0.5
        found[row] = left + window.sum(axis=0) @ places / window.sum(), top + window.sum(axis=1) @ places / window.sum()
    return found


def jitter(
    frames: Iterable[Luma], zooms: Sequence[float], points: Points, size: tuple[int, int], shown: tuple[int, int]
) -> Jitter:
    """Return how far the dots are from their expected positions, for the dots that are in every frame."""
    radius = round(6 * SIGMA * shown[0] / size[0] * max(zooms))
    kept = points
    for zoom in zooms:
        places = on_path(kept, size, shown, zoom)
        inside = ((places > radius + 1) & (places < np.array(shown) - radius - 1)).all(axis=1)
        kept = kept[inside]
    errors = []
    for frame, zoom in zip(frames, zooms, strict=True):
        expected = on_path(kept, size, shown, zoom)
        errors.append(centroids(frame, expected, radius) - expected)
    off = np.array(errors)
    return Jitter(_rms(off), _rms(np.diff(off, axis=0)), float(np.sqrt((off**2).sum(axis=2)).max()))


def _rms(values: Points) -> float:
    return float(np.sqrt(np.mean(values**2)))


def squared_error(a: NDArray[np.number], b: NDArray[np.number]) -> float:
    """Return the mean squared error over all pixels."""
    return float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))


def decibels(error: float) -> float:
    """Return the PSNR in dB for a mean squared error of values from 0 to 255."""
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


class Reference:
    """The reference for a centered zoom into a picture: Lanczos with three lobes, in floating point, in one step."""

    def __init__(self, exactly: NDArray[np.float32], shown: tuple[int, int]) -> None:
        self._luma = exactly
        self._shown = shown

    def at(self, zoom: float) -> NDArray[np.float32]:
        height, width = self._luma.shape
        down = lanczos(height, self._shown[1], zoom)
        across = lanczos(width, self._shown[0], zoom)
        return np.asarray(down @ self._luma @ across.T, np.float32)


def lanczos(length: int, shown: int, zoom: float, lobes: int = 3) -> NDArray[np.float32]:
    """Return a matrix that resamples the middle 1/zoom of `length` values to `shown`; wider where it shrinks."""
    seen = length / zoom
    step = seen / shown
    scale = max(step, 1.0)
    matrix = np.zeros((shown, length), np.float32)
    for row in range(shown):
        center = (length - seen) / 2 + (row + 0.5) * step
        taps = np.arange(np.floor(center - lobes * scale), np.ceil(center + lobes * scale) + 1)
        distance = (taps + 0.5 - center) / scale
        weights = np.where(np.abs(distance) < lobes, np.sinc(distance) * np.sinc(distance / lobes), 0)
        np.add.at(matrix[row], np.clip(taps, 0, length - 1).astype(int), weights / weights.sum())
    return matrix
