"""Blend planes of 8-bit samples, in blocks of rows that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8]
"""The samples of one plane: rows, columns."""
Weights = NDArray[np.uint16]
"""Parts of the new picture, 0 to `FULL`."""
WeightsOf = Callable[[slice], Weights]
"""Takes rows of a plane and returns the weights of their samples, or of each row or column of them."""

FULL = 256
_BLOCK_SAMPLES = 2**17
"""With the two blocks of 16-bit sums, 0.5 MB."""


def fade(old: Samples, new: Samples, part: float) -> Samples:
    """Return the old plane with a `part`, 0 to 1, of the new one."""
    weight = np.uint16(round(part * FULL))
    return blend(old, new, lambda _rows: np.full((1, 1), weight))


def tint(plane: Samples, level: int, part: float) -> Samples:
    """Return the plane with a `part`, 0 to 1, of a plane of one level."""
    return fade(plane, np.broadcast_to(np.uint8(level), plane.shape), part)


def blend(old: Samples, new: Samples, weights_of: WeightsOf) -> Samples:
    """Return the weighted means of two planes."""
    made = np.empty(old.shape, np.uint8)
    for rows in _blocks(new):
        weights = weights_of(rows)
        total = np.multiply(new[rows], weights, dtype=np.uint16)
        total += np.multiply(old[rows], FULL - weights, dtype=np.uint16)
        total += np.uint16(FULL // 2)
        np.right_shift(total, 8, out=made[rows], casting="unsafe")
    return made


def select(old: Samples, new: Samples, is_new: NDArray[np.bool_]) -> Samples:
    """Return the samples of the new plane where `is_new`, those of the old one elsewhere."""
    bits = np.negative(is_new.view(np.uint8))
    made = np.bitwise_xor(old, new)
    made &= bits
    made ^= old
    return made


def _blocks(plane: Samples) -> Iterator[slice]:
    height, width = plane.shape
    rows = max(1, _BLOCK_SAMPLES // width)
    return (slice(top, top + rows) for top in range(0, height, rows))
