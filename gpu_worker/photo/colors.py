"""Convert every mode of Pillow and every usable ICC profile to 8-bit sRGB, on black or with its transparency."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

from PIL import Image, ImageChops

Convert = Callable[[Image.Image], Image.Image]

_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""ICC color spaces and Pillow's modes for them."""
_DEEP_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I", "F"}
_MAX_8_BIT, _MAX_16_BIT = 255.0, 65535.0


class Rendering(NamedTuple):
    """A conversion of strips of a picture to RGB or RGBA. `profile_ignored`: the picture's profile is unusable."""

    convert: Convert
    profile_ignored: bool


def make_rendering(image: Image.Image, *, keep_alpha: bool = False) -> Rendering:
    """Plan the conversion of a loaded picture. The returned function takes any part of that picture.

    `keep_alpha`: to RGBA, with colors as they are where the picture is transparent; else to RGB on black.
    """
    scaled = _make_8_bit_scaler(image)
    base = _base_mode(image)
    transform, ignored = _make_transform(image.info.get("icc_profile"), base)
    transparent = _has_alpha(image)
    key = _transparent_value(image)

    def convert(part: Image.Image) -> Image.Image:
        mask = None
        if part.mode in _DEEP_MODES:
            mask = None if key is None else _mask_unequal(part, key)
            part = scaled(part)
        elif transparent:
            if key is not None:
                part.info["transparency"] = key
            part = part.convert("LA" if base == "L" else "RGBA")
            mask = part.getchannel("A")
        colors = part if part.mode == base else part.convert(base)
        rgb = transform(colors)
        if keep_alpha:
            rgb.putalpha(255 if mask is None else mask)
            return rgb
        return rgb if mask is None else Image.composite(rgb, Image.new("RGB", rgb.size), mask)

    return Rendering(convert, ignored)


def _base_mode(image: Image.Image) -> str:
    if image.mode in {"CMYK", "LAB"}:
        return image.mode
    return "L" if image.mode in {"1", "L", "LA", "La", *_DEEP_MODES} else "RGB"


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in image.info


def _transparent_value(image: Image.Image) -> Any:
    """Return the one transparent color at the picture's depth; PNG states it at the file's depth."""
    value = image.info.get("transparency")
    if isinstance(value, tuple) and any(channel > _MAX_8_BIT for channel in value):
        return tuple(channel >> 8 for channel in value)
    return value


def _mask_unequal(part: Image.Image, value: int) -> Image.Image:
    """Return a mask of the pixels that differ from `value`, for pictures of integers."""
    wide = part.convert("I")
    above, below = (wide.point(lambda pixel, sign=sign: pixel * sign - value * sign).convert("L") for sign in (1, -1))
    return ImageChops.lighter(above, below).point(lambda pixel: 255 if pixel else 0)


def _make_8_bit_scaler(image: Image.Image) -> Convert:
    """Return a function that scales deep pictures to 8 bits; Pillow's own conversion clips all above 255 to white.

    32-bit integers and floats have no stated range: it is 1, 255 or 65535, depending on the values.
    """
    if image.mode not in _DEEP_MODES:
        return lambda part: part
    maximum = _MAX_16_BIT
    if image.mode in {"I", "F"}:
        low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
        maximum = _find_maximum(image.mode, low, high)
    factor = _MAX_8_BIT / maximum

    def scale(part: Image.Image) -> Image.Image:
        floats = part if part.mode == "F" else part.convert("I").convert("F")
        return floats.point(lambda pixel: pixel * factor + 0.5).convert("L")

    return scale


def _find_maximum(mode: str, low: float, high: float) -> float:
    if mode == "F" and low >= 0 and high <= 1:
        return 1.0
    return _MAX_8_BIT if high <= _MAX_8_BIT else max(_MAX_16_BIT, high)


def _make_transform(profile: bytes | None, mode: str) -> tuple[Convert, bool]:
    """Return the conversion from `mode` to sRGB, and True if the picture has an unusable profile."""
    if not profile and mode != "LAB":
        return _to_rgb, False
    from PIL import ImageCms  # noqa: PLC0415 - the import takes 20 ms, and most pictures do not need it

    srgb = ImageCms.createProfile("sRGB")
    if not profile:
        lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), srgb, "LAB", "RGB")
        return lab.apply, False
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        needed = _SPACES.get(given.profile.xcolor_space)
        if needed is None or (needed != mode and (needed, mode) != ("RGB", "L")):
            return _make_transform(None, mode)[0], True
        transform = ImageCms.buildTransform(given, srgb, needed, "RGB")
        if needed == "RGB" and _is_identity(transform.apply):
            return _to_rgb, False
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return _make_transform(None, mode)[0], True
    return lambda colors: transform.apply(colors if colors.mode == needed else colors.convert(needed)), False


def _to_rgb(colors: Image.Image) -> Image.Image:
    return colors if colors.mode == "RGB" else colors.convert("RGB")


def _is_identity(apply: Convert) -> bool:
    """Detect profiles that are sRGB, which most are: no color of a cube moves by more than one step."""
    steps = range(0, 256, 17)
    cube = bytes(value for r in steps for g in steps for b in steps for value in (r, g, b))
    before = Image.frombytes("RGB", (64, 64), cube)
    after = apply(before).tobytes()
    return all(abs(a - b) <= 1 for a, b in zip(cube, after, strict=True))
