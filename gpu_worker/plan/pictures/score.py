"""Choose the most typical of several small pictures, leaving out black, plain and blurred ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SIDE = 96
"""Width and height of the pictures that are compared, in pixels. They are raw rgb24."""

_DARK, _BRIGHT_ENOUGH = 40, 0.05
"""A picture is black if less than this share of its pixels is brighter than this value, of 255."""

_PLAIN = 10.0
"""Standard deviation of brightness below which a picture is plain: a fade, a wall, a title card without a title."""

_BLURRED = 0.25
"""A picture is blurred if it has less than this share of the median's fine detail."""

_BINS = 8


@dataclass(frozen=True, slots=True)
class _Look:
    """Properties of one picture; `detail` is the variance of its Laplacian."""

    bright: float
    deviation: float
    detail: float
    histogram: tuple[float, ...]


def choose(pictures: Sequence[bytes]) -> int:
    """Return the index of the picture to show. There is at least one."""
    looks = [_look(picture) for picture in pictures]
    median = sorted(look.detail for look in looks)[len(looks) // 2]
    good = [
        index
        for index, look in enumerate(looks)
        if look.bright >= _BRIGHT_ENOUGH and look.deviation >= _PLAIN and look.detail >= _BLURRED * median
    ]
    if not good:
        return max(range(len(looks)), key=lambda index: looks[index].deviation)
    bins = list(zip(*(looks[index].histogram for index in good), strict=True))
    mean = [sum(values) / len(values) for values in bins]
    return min(good, key=lambda index: sum(abs(a - b) for a, b in zip(looks[index].histogram, mean, strict=True)))


def _look(picture: bytes) -> _Look:
    reds, greens, blues = picture[0::3], picture[1::3], picture[2::3]
    luma = [(red * 54 + green * 183 + blue * 19) >> 8 for red, green, blue in zip(reds, greens, blues, strict=True)]
    count = len(luma)
    mean = sum(luma) / count
    deviation = (sum(value * value for value in luma) / count - mean * mean) ** 0.5
    bright = sum(value > _DARK for value in luma) / count
    histogram = tuple(share for channel in (reds, greens, blues) for share in _histogram(channel))
    return _Look(bright, max(0.0, deviation.real), _variance_of_laplacian(luma), histogram)


def _histogram(channel: bytes) -> list[float]:
    counts = [0] * _BINS
    for value in channel:
        counts[value * _BINS >> 8] += 1
    return [count / len(channel) for count in counts]


def _variance_of_laplacian(luma: Sequence[int]) -> float:
    values = [
        4 * luma[at] - luma[at - 1] - luma[at + 1] - luma[at - SIDE] - luma[at + SIDE]
        for row in range(1, SIDE - 1)
        for at in range(row * SIDE + 1, (row + 1) * SIDE - 1)
    ]
    mean = sum(values) / len(values)
    return sum(value * value for value in values) / len(values) - mean * mean
