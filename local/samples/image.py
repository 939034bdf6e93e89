"""Landscapes, drawn: gradients, ridges, water, fine lines and lettering, so that a zoom has detail to show; a logo."""

from __future__ import annotations

import math
import random
from enum import Enum
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

WIDTH, HEIGHT = 2400, 1600
_HORIZON = 1130
_RIDGES = ((640, 230), (760, 200), (880, 160), (1010, 110))


class Light(Enum):
    """A time of day: its name, the colors of the sky from above, the sun's place, colors of the ridges, a seed."""

    DAWN = (
        "first light",
        ("#18325f", "#e9a777", "#fbe6c2"),
        (1640, 470),
        ("#8fa3bd", "#66809f", "#446080", "#26405c"),
        7,
    )
    NOON = "noon", ("#1d6fb8", "#8ec7ec", "#e4f3fb"), (1340, 260), ("#9fb8c4", "#6f9a92", "#4b7d62", "#2c5a3d"), 23
    DUSK = "dusk", ("#1b1440", "#a4497c", "#ffb37a"), (1180, 560), ("#8a6f9c", "#654f83", "#443763", "#271f44"), 41


def draw_landscape(path: Path, seed: int | None = None, *, light: Light = Light.DAWN) -> None:
    """Write a 2400x1600 JPEG. The same seed and light give the same picture."""
    name, sky, sun, ridges, own_seed = light.value
    rng = random.Random(own_seed if seed is None else seed)  # noqa: S311 - a picture, not a secret
    image = _draw_sky(*sky)
    _draw_sun(image, *sun)
    for (base, height), color in zip(_RIDGES, ridges, strict=True):
        _draw_ridge(image, rng, base, height, color)
    _draw_trees(image, rng)
    _draw_water(image, rng)
    _draw_test_pattern(image, name)
    grain = Image.effect_noise(image.size, 26).convert("L")
    image = Image.blend(image, ImageChops.overlay(image, Image.merge("RGB", (grain, grain, grain))), 0.35)
    image.save(path, "JPEG", quality=92)


def draw_logo(path: Path) -> None:
    """Write a PNG of 480x240 pixels with a transparent background: a triangle in a disc, and a name."""
    image = Image.new("RGBA", (960, 480))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 460, 460), fill="#ff5a36")
    draw.polygon(((180, 130), (180, 350), (360, 240)), fill="#ffffff")
    draw.text((490, 165), "api-gpu", font=ImageFont.load_default(118), fill="#ffffff")
    image.resize((480, 240)).save(path)


def _draw_sky(top: str, middle: str, foot: str) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    return ImageOps.colorize(ramp, black=top, mid=middle, white=foot, midpoint=150)


def _draw_sun(image: Image.Image, x: int, y: int) -> None:
    glow = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(glow)
    for radius, light in ((420, 50), (260, 90), (170, 140)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=light)
    glow = glow.resize((WIDTH // 8, HEIGHT // 8)).filter(ImageFilter.GaussianBlur(12)).resize(image.size)
    image.paste("#fff3d6", mask=glow)
    ImageDraw.Draw(image).ellipse((x - 92, y - 92, x + 92, y + 92), fill="#fffaf0")


def _make_profile(rng: random.Random, base: int, height: int) -> list[float]:
    """Return a ridge line by midpoint displacement: one height per 4 pixels."""
    points = [float(base), float(base - height * rng.uniform(0.2, 0.6)), float(base)]
    spread = float(height)
    while len(points) < WIDTH / 4 + 1:
        middles = [(a + b) / 2 + rng.uniform(-spread, spread) / 2 for a, b in pairwise(points)]
        points = [value for pair in zip(points, [*middles, points[-1]], strict=True) for value in pair][:-1]
        spread *= 0.52
    return points


def _draw_ridge(image: Image.Image, rng: random.Random, base: int, height: int, color: str) -> None:
    profile = _make_profile(rng, base, height)
    step = WIDTH / (len(profile) - 1)
    outline = [(index * step, y) for index, y in enumerate(profile)]
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, _HORIZON), *outline, (WIDTH, _HORIZON)], fill=color)
    # Hatching down the slopes: the fine lines that a blurry scaler loses.
    light = ImageChops.lighter(Image.new("RGB", (1, 1), color), Image.new("RGB", (1, 1), "#5c7088")).getpixel((0, 0))
    for (x, y), (_, after) in list(pairwise(outline))[::2]:
        if after > y:
            draw.line((x, y + 3, x + 26, y + 30 + rng.random() * 70), fill=light, width=1)


def _draw_trees(image: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(image)
    for _ in range(260):
        x, tall = rng.randrange(WIDTH), rng.randrange(30, 120)
        foot = _HORIZON + 4
        shade = rng.choice(("#10261f", "#16332a", "#0c1f1a"))
        for level in range(5):
            top = foot - tall + level * tall / 6
            half = 4 + level * tall / 26
            draw.polygon(((x, top), (x - half, top + tall / 4), (x + half, top + tall / 4)), fill=shade)
        draw.line((x, foot - 8, x, foot + 4), fill="#2b1d12", width=3)


def _draw_water(image: Image.Image, rng: random.Random) -> None:
    depth = HEIGHT - _HORIZON
    mirrored = ImageOps.flip(image.crop((0, _HORIZON - depth, WIDTH, _HORIZON))).filter(ImageFilter.GaussianBlur(3))
    tint = Image.new("RGB", mirrored.size, "#183a52")
    image.paste(Image.blend(mirrored, tint, 0.35), (0, _HORIZON))
    draw = ImageDraw.Draw(image)
    for _ in range(1500):
        y = _HORIZON + int(depth * rng.random() ** 1.4)
        near = (y - _HORIZON) / depth
        x, long = rng.randrange(WIDTH), 10 + 90 * near * rng.random()
        draw.line((x, y, x + long, y), fill=rng.choice(("#cfe0ea", "#6f93ab", "#0f2a3d")), width=1 + round(near))


def _draw_test_pattern(image: Image.Image, name: str) -> None:
    """Draw a scale along the left edge, rings of fine lines, and lettering of several sizes.

    The lettering ends left of the middle 900 pixels, which a vertical short shows.
    """
    draw = ImageDraw.Draw(image)
    for mark in range(0, 1000, 10):
        draw.line((60, 1500 - mark, 60 + (46 if mark % 100 == 0 else 18), 1500 - mark), fill="#fdf6e3", width=1)
    for ring in range(18):
        radius = 20 + ring * 7
        draw.ellipse((2140 - radius, 1380 - radius, 2140 + radius, 1380 + radius), outline="#fdf6e3", width=1)
    for angle in range(0, 360, 5):
        dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        draw.line((2140 + 140 * dx, 1380 + 140 * dy, 2140 + 160 * dx, 1380 + 160 * dy), fill="#fdf6e3", width=1)
    y = 120.0
    for size, text in ((54, f"A lake at {name}"), (32, "drawn for api-gpu, every line of it"), (22, "2400 x 1600")):
        draw.text((150, y), text, font=ImageFont.load_default(size), fill="#fffaf0")
        y += size * 1.35
