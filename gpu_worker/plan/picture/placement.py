"""Even positions and sizes, as 4:2:0 pictures need them."""

from __future__ import annotations

import math
from fractions import Fraction


def nearest_even(value: float | Fraction) -> int:
    """Return the nearest even number, at least 2."""
    return max(2, 2 * round(value / 2))


def even_below(value: float | Fraction) -> int:
    """Return the largest even number that is not above `value`."""
    return math.floor(value / 2) * 2


def even_above(value: float | Fraction) -> int:
    """Return the smallest even number that is not below `value`."""
    return math.ceil(value / 2) * 2


def center(outer: tuple[int, int], inner: tuple[int, int]) -> tuple[int, int]:
    """Return the even left and top of a rectangle in the middle of a larger one."""
    left, top = (even_below((whole - part) / 2) for whole, part in zip(outer, inner, strict=True))
    return left, top
