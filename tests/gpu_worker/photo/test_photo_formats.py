"""Formats by modes, sides, subsampling, orientation and profile: each within 3 of 255 of Pillow's own rendering."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageCms, ImageOps

from tests.support.media import icc_profiles
from tests.support.media.image_files import ADOBE_RGB, P3, icc_profile
from tests.support.media.photo_decoding import decode_photo, max_difference

MODES = {
    "JPEG": ("L", "RGB", "CMYK"),
    "PNG": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16"),
    "TIFF": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "I;16", "I", "F", "LAB"),
    "WEBP": ("RGB", "RGBA"),
    "AVIF": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "PA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA"),
    "TGA": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "PPM": ("1", "L", "RGB", "I;16"),
    "ICO": ("RGBA",),
}
SIDES = ((16, 10), (17, 10), (16, 11), (17, 11), (1, 1), (63, 3))
SUBSAMPLING = {"JPEG": (0, 1, 2), "AVIF": ("4:4:4", "4:2:2", "4:2:0")}
PROFILES: dict[str, bytes] = {
    "none": b"",
    "sRGB": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "Display P3": icc_profile(P3),
    "Adobe RGB": icc_profile(ADOBE_RGB, 563 / 256),
    "gray 1.8": icc_profiles.gray(1.8),
    "gray 2.2": icc_profiles.gray(2.2),
    "dot gain": icc_profiles.dot_gain(),
    "CMYK": icc_profiles.cmyk_table(),
    "table": icc_profiles.rgb_table(),
    "broken": icc_profile(P3)[:200],
}
MEANT_FOR = {"RGB ": ("RGB", "L"), "GRAY": ("L",), "CMYK": ("CMYK",)}
"""Modes, without palette and opacity, that a profile of that color space fits."""


class Case(NamedTuple):
    """One picture of the matrix."""

    format: str
    mode: str
    size: tuple[int, int]
    subsampling: Any
    orientation: int
    profile: str


def list_cases() -> Iterator[Case]:
    """Every side and orientation without a profile, every profile at one odd size, upright and turned."""
    for name, modes in MODES.items():
        described = name in {"JPEG", "PNG", "TIFF", "WEBP", "AVIF"}
        ways = SUBSAMPLING.get(name, (None,))
        turns = range(1, 9) if described else (1,)
        yield from itertools.starmap(Case, itertools.product((name,), modes, SIDES, ways, turns, ("none",)))
        if described:
            profiles = tuple(kind for kind in PROFILES if kind != "none")
            yield from itertools.starmap(Case, itertools.product((name,), modes, ((17, 11),), ways, (1, 6), profiles))


def draw_picture(mode: str, size: tuple[int, int]) -> Image.Image:
    """A picture of many colors in that mode, partly transparent if the mode has opacity."""
    width, height = size
    red, green = (Image.linear_gradient("L").rotate(turn).resize(size) for turn in (0, 90))
    rgb = Image.merge("RGB", (red, green, ImageOps.invert(red)))
    if mode in {"I;16", "I"}:
        wide = [(x * 65535 // max(1, width - 1) + y) % 65536 for y in range(height) for x in range(width)]
        return draw_deep(mode, size, wide)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        rgb = ImageCms.buildTransform(srgb, lab, "RGB", "LAB").apply(rgb)
        rgb.info.clear()
        return rgb
    opacity = green.point(lambda value: 255 if value > 90 else value)
    if mode in {"RGBA", "RGBa"}:
        rgb.putalpha(opacity)
        return rgb.convert(mode) if mode == "RGBA" else rgb
    if mode == "LA":
        return Image.merge("LA", (red, opacity))
    if mode == "PA":
        return rgb.quantize(16)
    return rgb.convert(mode)


def draw_deep(mode: str, size: tuple[int, int], values: list[int]) -> Image.Image:
    image = Image.new("I", size)
    image.putdata(values)
    return image if mode == "I" else Image.frombytes("I;16", size, b"".join(v.to_bytes(2, "little") for v in values))


def encode_case(case: Case) -> bytes:
    exif = Image.Exif()
    exif[0x112] = case.orientation
    options: dict[str, Any] = {"exif": exif} if case.orientation != 1 else {}
    if PROFILES[case.profile]:
        options["icc_profile"] = PROFILES[case.profile]
    if case.subsampling is not None:
        options["subsampling"] = case.subsampling
    if case.mode == "PA":
        options["transparency"] = 3
    if case.format == "ICO":
        options["sizes"] = [case.size]
    if case.format in {"WEBP", "AVIF"}:
        options |= {"lossless": True} if case.format == "WEBP" else {"quality": 90}
    if case.mode == "RGBa":
        options["tiffinfo"] = {338: 1}
    target = io.BytesIO()
    draw_picture(case.mode, case.size).save(target, case.format, **options)
    return target.getvalue()


def render_with_pillow(data: bytes) -> Image.Image:
    """Pillow's rendering of a file: upright, in sRGB, on black; 16 bits are scaled to 8."""
    image = Image.open(io.BytesIO(data))
    image.load()
    embedded = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode in {"I;16", "I"}:
        values = [value // 257 for value in image.get_flattened_data()]
        image = Image.frombytes("L", image.size, bytes(values))
    clear = image.convert("RGBA") if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info else None
    gray = image.mode in {"1", "L", "LA", "F"}
    colors = image if image.mode in {"CMYK", "LAB"} else image.convert("L" if gray else "RGB")
    rgb = in_srgb(colors, embedded)
    return rgb if clear is None else Image.composite(rgb, Image.new("RGB", rgb.size), clear.getchannel("A"))


def in_srgb(colors: Image.Image, embedded: bytes | None) -> Image.Image:
    space = embedded[16:20].decode() if embedded else ""
    if embedded and embedded != PROFILES["broken"] and colors.mode in MEANT_FOR[space]:
        given = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
        if space == "RGB ":
            colors = colors.convert("RGB")
        srgb = ImageCms.profileToProfile(colors, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        assert srgb is not None
        return srgb
    if colors.mode == "LAB":
        return ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
        ).apply(colors)
    return colors.convert("RGB")


def measure_case(case: Case, folder: Path) -> int:
    data = encode_case(case)
    ours, notes = decode_photo(data, folder)
    expected = render_with_pillow(data)
    assert ours.size == expected.size, case
    assert notes == ([] if has_usable_profile(case) else ["profile"]), case
    return max_difference(ours, expected)


def has_usable_profile(case: Case) -> bool:
    """Return True if the file has no profile, or one that fits its pixels."""
    if case.profile == "none":
        return True
    if case.profile == "broken" or case.mode == "LAB":
        return False
    base = (
        case.mode if case.mode in {"CMYK", "LAB"} else "L" if case.mode in {"1", "L", "LA", "I;16", "I", "F"} else "RGB"
    )
    if case.format == "AVIF" and case.mode == "L":
        base = "RGB"  # Pillow writes no gray AVIF
    return base in MEANT_FOR[PROFILES[case.profile][16:20].decode()]


pytestmark = pytest.mark.filterwarnings("ignore:Palette images with Transparency")
SOME = [case for at, case in enumerate(list_cases()) if at % 23 == 0]


def test_sample_of_all_formats_is_drawn_like_pillow(tmp_path: Path) -> None:
    wrong = {case: off for case in SOME if (off := measure_case(case, tmp_path)) > 3}
    assert not wrong


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MODES)
def test_every_format_is_drawn_like_pillow(tmp_path: Path, name: str) -> None:
    wrong = {case: off for case in list_cases() if case.format == name and (off := measure_case(case, tmp_path)) > 3}
    assert not wrong
