"""Views drawn from a canvas: steadiness, sharpness, position of the chroma. Measured before encoding."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import math
import random
import sys
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from contract.operations import Fit
from contract.options.picture import SceneLook
from contract.options.picture.motion import Motion
from contract.options.picture.options import CLIP_AMOUNT
from gpu_worker.ffmpeg.run import run_ffmpeg
from gpu_worker.frames.resampler import DrawView, open_resampler, plane_sizes
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.plan.frame_source import Box
from gpu_worker.plan.model import IMAGE
from gpu_worker.plan.still.canvas import canvas_name, canvas_step
from gpu_worker.plan.still.motion import canvas_size, make_camera
from tests.support.media.factory import MediaFactory

SIZE = (640, 360)
FRAMES = 24
Open = Callable[[bytes, SceneLook], DrawView]


def _vapour(canvas: bytes, look: SceneLook) -> DrawView:
    from gpu_worker.frames.vapoursynth import open_vapour  # noqa: PLC0415 - not for every Python

    return open_vapour(canvas, canvas_size(look), look.size)


def _cykooz(canvas: bytes, look: SceneLook) -> DrawView:
    from gpu_worker.frames.fast_image_resize import open_cykooz  # noqa: PLC0415

    return open_cykooz(canvas, canvas_size(look), look.size)


def _installed(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"no {module} for this Python")


both = pytest.mark.parametrize(
    "opened",
    [
        pytest.param(_vapour, id="vapoursynth", marks=_installed("vapoursynth")),
        pytest.param(_cykooz, id="cykooz", marks=_installed("cykooz_resizer")),
    ],
)


def look_of(
    kind: str = "zoom_in", amount: float = CLIP_AMOUNT, size: tuple[int, int] = SIZE, **motion: object
) -> SceneLook:
    return SceneLook(size, Fit.COVER, "#000000", Motion.model_validate({"kind": kind, "amount": amount, **motion}))


def planes(draw: DrawView, view: Box) -> list[Image.Image]:
    drawn = zip(plane_sizes(SIZE), draw(view), strict=True)
    return [Image.frombytes("L", size, bytes(plane)) for size, plane in drawn]


def gray(luma: Image.Image) -> bytes:
    """Return a gray yuv420p picture."""
    return luma.tobytes() + bytes([128]) * (luma.width // 2 * (luma.height // 2) * 2)


def dot_at(x: float, y: float, size: tuple[int, int]) -> Image.Image:
    image = Image.new("L", size, 0)
    for row in range(round(y) - 50, round(y) + 50):
        for column in range(round(x) - 50, round(x) + 50):
            far = (column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2
            image.putpixel((column, row), round(250 * math.exp(-far / 200)))
    return image


def centroid(image: Image.Image, near: tuple[float, float], reach: int = 40) -> tuple[float, float]:
    left, top = round(near[0]) - reach, round(near[1]) - reach
    cut = image.crop((left, top, left + 2 * reach, top + 2 * reach)).tobytes()
    mass = sum_x = sum_y = 0.0
    for at, value in enumerate(cut):
        mass += value
        sum_x += value * (left + at % (2 * reach) + 0.5)
        sum_y += value * (top + at // (2 * reach) + 0.5)
    return sum_x / mass, sum_y / mass


def rms(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


@both
@pytest.mark.parametrize(
    "look",
    [
        pytest.param(look_of(), id="zoom_in"),
        pytest.param(look_of("zoom_out", 0.12, focus={"x": 0.9, "y": 0.2}, easing="ease_in_out"), id="zoom_out"),
        pytest.param(look_of("pan_right", 0.02), id="pan_right"),
        pytest.param(look_of("pan_up", 0.12, easing="ease_out"), id="pan_up"),
        pytest.param(look_of("ken_burns", 0.12), id="ken_burns"),
        pytest.param(look_of("ken_burns", 0.05, seed=1), id="ken_burns-1"),
    ],
)
def test_picture_follows_its_path_without_trembling(opened: Open, look: SceneLook) -> None:
    """Six dots: one is measured to 0.01 pixels, their mean more precisely."""
    width, height = canvas_size(look)
    camera = make_camera(look, 0)
    off: list[tuple[float, float]] = []
    places = [(width * x, height * y) for x in (0.27, 0.52, 0.71) for y in (0.31, 0.66)]
    draws = [opened(gray(dot_at(*place, (width, height))), look) for place in places]
    for index in range(FRAMES):
        box = camera.view(index, FRAMES)
        scale = SIZE[0] / (box.right - box.left), SIZE[1] / (box.bottom - box.top)
        wrong = []
        for place, draw in zip(places, draws, strict=True):
            expected = (place[0] - box.left) * scale[0], (place[1] - box.top) * scale[1]
            found = centroid(planes(draw, box)[0], expected)
            wrong.append((found[0] - expected[0], found[1] - expected[1]))
        off.append((sum(x for x, _ in wrong) / len(wrong), sum(y for _, y in wrong) / len(wrong)))
    limit = 0.01 if look.motion.amount == CLIP_AMOUNT else 0.005
    for path in zip(*off, strict=True):
        assert abs(sum(path) / len(path)) < 0.01
        assert rms(path) < limit
        assert rms([after - before for before, after in itertools.pairwise(path)]) < 1.2 * limit


@both
@pytest.mark.parametrize("kind", ["zoom_in", "ken_burns", "pan_left"])
def test_chroma_stays_on_its_shapes_during_the_motion(opened: Open, kind: str) -> None:
    """A ramp in U with H.264's chroma siting (on the left one of two columns) must stay the same ramp."""
    look = look_of(kind)
    width, height = canvas_size(look)
    slope = 200 / width
    # Each row starts a sixteenth of a level higher: so that rounding favors no position.
    ramp = b"".join(
        bytes(round(20 + row % 16 / 16 + slope * (2 * column + 0.5)) for column in range(width // 2))
        for row in range(height // 2)
    )
    draw = opened(bytes([128]) * (width * height) + ramp + bytes([128]) * len(ramp), look)
    for index in (0, FRAMES // 2, FRAMES - 1):
        box = make_camera(look, 0).view(index, FRAMES)
        ratio = (box.right - box.left) / SIZE[0]
        drawn = planes(draw, box)[1]
        wrong = [
            drawn.getpixel((x, y)) - (20 + 15 / 32 + slope * (box.left + (2 * x + 0.5) * ratio))  # type: ignore[operator]
            for x in range(8, SIZE[0] // 2 - 8)
            for y in range(8, 172)
        ]
        assert abs(sum(wrong) / len(wrong)) < 0.025, index


def draw_details(path: Path) -> None:
    """Draw detail like a photo's: edges at all angles, fine lines, grain, none finer than a lens resolves."""
    chance = random.Random(5)  # noqa: S311
    image = Image.frombytes("L", (2560, 1440), chance.randbytes(2560 * 1440)).filter(ImageFilter.GaussianBlur(2))
    pen = ImageDraw.Draw(image)
    for _ in range(400):
        x, y, grown = chance.randrange(2560), chance.randrange(1440), chance.randrange(10, 200)
        pen.ellipse((x, y, x + grown, y + grown // 2), outline=chance.randrange(256), width=chance.randrange(1, 12))
    image.filter(ImageFilter.GaussianBlur(1.2)).convert("RGB").save(path)


@both
def test_frames_are_as_sharp_as_a_float_lanczos(opened: Open, media: MediaFactory, tmp_path: Path) -> None:
    photo = media.make_once("detailed.png", draw_details)
    (tmp_path / "in_image").symlink_to(photo)
    look = look_of()
    facts = asyncio.run(read_photo(media.sandbox, tmp_path / "in_image", IMAGE, 10**8, canvas_size(look)))
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, canvas_step(facts, IMAGE, look).args, tmp_path))
    draw = opened((tmp_path / canvas_name(IMAGE)).read_bytes(), look)
    full = Image.open(photo).convert("L").convert("F").point(lambda value: value * (219 / 255) + 16)
    for index in (0, FRAMES // 2, FRAMES - 1):
        view = make_camera(look, 0).view(index, FRAMES)
        part = tuple(
            edge * side / canvas for edge, side, canvas in zip(view, full.size * 2, canvas_size(look) * 2, strict=True)
        )
        truth = full.resize(SIZE, Image.Resampling.LANCZOS, part)  # type: ignore[arg-type]
        found = planes(draw, view)[0].convert("F")
        floats = (array("f", image.tobytes()) for image in (truth, found))
        squares = [(a - b) ** 2 for a, b in zip(*floats, strict=True)]
        assert 10 * math.log10(255**2 / (sum(squares) / len(squares))) > 48, index


@both
@pytest.mark.parametrize("kind", ["zoom_in", "pan_down"])
def test_any_even_size_can_be_drawn_by_several_threads(opened: Open, kind: str) -> None:
    for size in ((64, 64), (1080, 1920), (66, 3840), (854, 480)):
        look = look_of(kind, size=size, focus={"x": 1, "y": 1})
        width, height = canvas_size(look)
        draw = opened(bytes([90]) * (width * height) + bytes([140]) * (width * height // 2), look)
        views = [make_camera(look, 0).view(index, 3) for index in range(3)]
        with ThreadPoolExecutor(3) as pool:
            found = [b"".join(map(bytes, drawn)) for drawn in pool.map(draw, views)]
        area = size[0] * size[1]
        assert found == [bytes([90]) * area + bytes([140]) * (area // 2)] * 3, size


def test_view_of_the_whole_canvas_is_an_exact_copy() -> None:
    canvas = bytes(value % 251 for value in range(SIZE[0] * SIZE[1] * 3 // 2))
    draw = open_resampler(canvas, SIZE, SIZE)
    assert b"".join(draw(Box(0, 0, *SIZE))) == canvas
    assert b"".join(map(bytes, draw(Box(1, 0, *SIZE)))) != canvas


def test_faster_library_is_used_if_installed() -> None:
    open_resampler(bytes(64 * 64 * 3 // 2), (64, 64), (64, 64))
    module = "vapoursynth" if importlib.util.find_spec("vapoursynth") else "fast_image_resize"
    assert f"gpu_worker.frames.{module}" in sys.modules
