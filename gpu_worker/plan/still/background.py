"""Backgrounds of pictures that do not fill the frame: a color, or a blurred copy of the picture."""

from __future__ import annotations

_SHRINK = 8
"""The blur is drawn at an eighth of the size: at the full size it would take most of the time."""
_SIGMA = 25 / 1080
"""Radius of the blur in parts of the short side."""
_LIGHT = 0.85
"""Brightness of the blurred copy, so that the picture stands out from it."""
_RED, _BLUE = 0.2126, 0.0722
"""Parts of red and blue in the luma of ITU-R BT.709."""


def colored_background(picture: str, color: str, canvas: tuple[int, int]) -> str:
    """Return a graph that lays the picture, the output of a chain in 4:4:4, on the middle of a color `#RRGGBB`."""
    # The values as numbers: how the filters convert a color to YUV depends on their version.
    y, u, v = bt709(color)
    size = f"s={canvas[0]}x{canvas[1]}"
    plain = f"nullsrc={size}:r=1:d=1,format=yuv444p,lutyuv=y={y}:u={u}:v={v},setsar=1[background]"
    return f"{picture}[picture];{plain};{_OVERLAY}"


def blurred_background(picture: str, size: tuple[int, int], canvas: tuple[int, int]) -> str:
    """Return a graph that lays the picture, of `size`, on the middle of a blurred, darker copy that fills the canvas.

    The background is drawn from the scaled picture, which is smaller than the original.
    """
    width, height = canvas
    factor = min(size[0] / width, size[1] / height)
    cut = f"crop=w={max(1, round(width * factor))}:h={max(1, round(height * factor))}:exact=1"
    small = f"scale=w={max(2, round(width / _SHRINK))}:h={max(2, round(height / _SHRINK))}:flags=area+accurate_rnd"
    blur = f"gblur=sigma={_SIGMA * min(canvas) / _SHRINK:.3f}:steps=3"
    dark = f"lutyuv=y='16+(val-16)*{_LIGHT}':u='128+(val-128)*{_LIGHT}':v='128+(val-128)*{_LIGHT}'"
    large = f"scale=w={width}:h={height}:flags=bicubic+accurate_rnd"
    copy = f"{cut},{small},{blur},{dark},{large},setsar=1"
    return f"{picture},split[picture][copy];[copy]{copy}[background];{_OVERLAY}"


_OVERLAY = "[background][picture]overlay=x=(W-w)/2:y=(H-h)/2:format=yuv444"


def bt709(color: str) -> tuple[int, int, int]:
    """Return Y, U and V of a color `#RRGGBB` in BT.709, 8 bits, limited range."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    luma = _RED * red + (1 - _RED - _BLUE) * green + _BLUE * blue
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (blue - luma) / (2 - 2 * _BLUE)),
        round(128 + 224 * (red - luma) / (2 - 2 * _RED)),
    )
