"""Pictures whose numbers mean other colours than sRGB's: phones take photos in Display P3, cameras in Adobe RGB.

A profile of the usual kind names the three primaries and one curve (ICC.1:2022, 8.3.2). The way to
sRGB is: the curve backwards to light, a matrix, and sRGB's own curve. Colours that sRGB does not have
become the nearest ones on its border, channel by channel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Vector = tuple[float, float, float]

_FROM_XYZ: tuple[Vector, Vector, Vector] = (
    (3.1341359, -1.6172206, -0.4906860),
    (-0.9787955, 1.9162543, 0.0334428),
    (0.0719553, -0.2289768, 1.4053860),
)
"""XYZ as profiles state it, adapted to D50, to linear sRGB: the inverse of the matrix in sRGB's own profile."""


@dataclass(frozen=True, slots=True)
class Curve:
    """From a channel's value to light, both 0 to 1: (scale * x + offset) ** gamma from `knee` on, slope * x below."""

    gamma: float
    scale: float = 1.0
    offset: float = 0.0
    slope: float = 0.0
    knee: float = 0.0

    def light(self, value: float) -> float:
        if value < self.knee:
            return self.slope * value
        return math.pow(max(0.0, self.scale * value + self.offset), self.gamma)


SRGB = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


@dataclass(frozen=True, slots=True)
class Profile:
    """Red, green and blue at their fullest in XYZ (D50), and the curve they share."""

    primaries: tuple[Vector, Vector, Vector]
    curve: Curve

    @property
    def is_srgb(self) -> bool:
        """True if nothing needs to be done: no colour would change by more than about one part in a hundred."""
        cells = [cell for row in self.matrix() for cell in row]
        straight = all(abs(cell - (place % 4 == 0)) < 0.01 for place, cell in enumerate(cells))
        return straight and all(abs(self.curve.light(x / 8) - SRGB.light(x / 8)) < 0.01 for x in range(9))

    def matrix(self) -> tuple[Vector, Vector, Vector]:
        """Rows for red, green and blue of sRGB."""
        first, second, third = (
            tuple(sum(a * b for a, b in zip(row, primary, strict=True)) for primary in self.primaries)
            for row in _FROM_XYZ
        )
        return (_vector(first), _vector(second), _vector(third))

    def to_srgb(self) -> tuple[str, ...]:
        """Filters from 4:4:4 in BT.709 to the same. Sixteen bits between them: light needs more steps than eight."""
        names = ("r", "g", "b")
        cells = (
            f"{into}{of}={max(-2.0, min(2.0, cell)):.5f}"  # the filter takes no more; ProPhoto has a 2.03
            for into, row in zip(names, self.matrix(), strict=True)
            for of, cell in zip(names, row, strict=True)
        )
        curve = self.curve
        x = "(val/maxval)"
        power = f"pow(max(0,{curve.scale:.6f}*{x}+{curve.offset:.6f}),{curve.gamma:.6f})"
        to_light = f"if(lt({x},{curve.knee:.6f}),{curve.slope:.6f}*{x},{power})"
        from_light = f"if(lt({x},0.0031308),12.92*{x},1.055*pow({x},1/2.4)-0.055)"
        return (
            "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd",
            "format=gbrp16le",
            _on_each(names, f"maxval*{to_light}"),
            f"colorchannelmixer={':'.join(cells)}",
            _on_each(names, f"maxval*{from_light}"),
            "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd",
            "format=yuv444p",
        )


def _on_each(names: tuple[str, ...], expression: str) -> str:
    return "lutrgb=" + ":".join(f"{name}='{expression}'" for name in names)


def _vector(values: tuple[float, ...]) -> Vector:
    x, y, z = values
    return x, y, z
