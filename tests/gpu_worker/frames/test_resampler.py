"""Frames drawn from a still: steadiness, sharpness, position of the chroma. Measured before encoding."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import math
import os
import random
import threading
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from contract.operations import Fit
from gpu_worker.ffmpeg.run import run_ffmpeg
from gpu_worker.frames.feed import write_frames
from gpu_worker.frames.resampler import Draw, open_resampler, plane_sizes
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.plan.model import FrameSource
from gpu_worker.plan.still.canvas import STILL, still_frame_source, still_step
from gpu_worker.plan.still.zoom import still_size, view
from tests.support.media.factory import MediaFactory

SIZE = (640, 360)
FRAMES = 24
Open = Callable[[bytes, FrameSource], Draw]


def _vapour(still: bytes, source: FrameSource) -> Draw:
    from gpu_worker.frames.vapoursynth import open_vapour  # noqa: PLC0415 - not for every Python

    return open_vapour(still, source)


def _cykooz(still: bytes, source: FrameSource) -> Draw:
    from gpu_worker.frames.fast_image_resize import open_cykooz  # noqa: PLC0415

    return open_cykooz(still, source)


def _installed(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"no {module} for this Python")


both = pytest.mark.parametrize(
    "opened",
    [
        pytest.param(_vapour, id="vapoursynth", marks=_installed("vapoursynth")),
        pytest.param(_cykooz, id="cykooz", marks=_installed("cykooz_resizer")),
    ],
)


def frame_source(frames: int = FRAMES) -> FrameSource:
    return FrameSource(path="unused", still_size=still_size(SIZE), size=SIZE, frames=frames)


def planes(draw: Draw, index: int) -> list[Image.Image]:
    drawn = zip(plane_sizes(SIZE), draw(index), strict=True)
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
def test_picture_follows_its_path_without_trembling(opened: Open) -> None:
    """Six dots: one is measured to 0.01 pixels, their mean more precisely."""
    width, height = still_size(SIZE)
    off: list[tuple[float, float]] = []
    places = [(width * x, height * y) for x in (0.27, 0.52, 0.71) for y in (0.31, 0.66)]
    draws = [opened(gray(dot_at(*place, (width, height))), frame_source()) for place in places]
    for index in range(FRAMES):
        box = view(index, FRAMES, (width, height))
        scale = SIZE[0] / (box.right - box.left), SIZE[1] / (box.bottom - box.top)
        wrong = []
        for place, draw in zip(places, draws, strict=True):
            expected = (place[0] - box.left) * scale[0], (place[1] - box.top) * scale[1]
            found = centroid(planes(draw, index)[0], expected)
            wrong.append((found[0] - expected[0], found[1] - expected[1]))
        off.append((sum(x for x, _ in wrong) / len(wrong), sum(y for _, y in wrong) / len(wrong)))
    for path in zip(*off, strict=True):
        assert abs(sum(path) / len(path)) < 0.01
        assert rms(path) < 0.01
        assert rms([after - before for before, after in itertools.pairwise(path)]) < 0.012


@both
def test_chroma_stays_on_its_shapes_during_the_zoom(opened: Open) -> None:
    """A ramp in U with H.264's chroma siting (on the left one of two columns) must stay the same ramp."""
    width, height = still_size(SIZE)
    slope = 200 / width
    # Each row starts a sixteenth of a level higher: so that rounding favors no position.
    ramp = b"".join(
        bytes(round(20 + row % 16 / 16 + slope * (2 * column + 0.5)) for column in range(width // 2))
        for row in range(height // 2)
    )
    still = bytes([128]) * (width * height) + ramp + bytes([128]) * len(ramp)
    draw = opened(still, frame_source())
    for index in (0, FRAMES // 2, FRAMES - 1):
        box = view(index, FRAMES, (width, height))
        ratio = (box.right - box.left) / SIZE[0]
        drawn = planes(draw, index)[1]
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
    facts = asyncio.run(read_photo(media.sandbox, tmp_path / "in_image", "url_image", 10**8, still_size(SIZE)))
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, still_step(facts, SIZE, Fit.COVER).args, tmp_path))
    draw = opened((tmp_path / STILL).read_bytes(), still_frame_source(SIZE, FRAMES))
    full = Image.open(photo).convert("L").convert("F").point(lambda value: value * (219 / 255) + 16)
    for index in (0, FRAMES // 2, FRAMES - 1):
        truth = full.resize(SIZE, Image.Resampling.LANCZOS, view(index, FRAMES, full.size))
        found = planes(draw, index)[0].convert("F")
        floats = (array("f", image.tobytes()) for image in (truth, found))
        squares = [(a - b) ** 2 for a, b in zip(*floats, strict=True)]
        assert 10 * math.log10(255**2 / (sum(squares) / len(squares))) > 48, index


@both
def test_any_even_size_can_be_drawn_by_several_threads(opened: Open) -> None:
    for size in ((64, 64), (1080, 1920), (66, 3840), (854, 480)):
        width, height = still_size(size)
        still = bytes([90]) * (width * height) + bytes([140]) * (width * height // 2)
        draw = opened(still, FrameSource("unused", (width, height), size, 3))
        with ThreadPoolExecutor(3) as pool:
            found = [b"".join(map(bytes, drawn)) for drawn in pool.map(draw, range(3))]
        area = size[0] * size[1]
        assert found == [bytes([90]) * area + bytes([140]) * (area // 2)] * 3, size


def test_faster_library_is_used_if_installed() -> None:
    size = still_size((64, 64))
    draw = open_resampler(bytes(size[0] * size[1] * 3 // 2), FrameSource("unused", size, (64, 64), 1))
    module = "vapoursynth" if importlib.util.find_spec("vapoursynth") else "fast_image_resize"
    assert draw.__module__ == f"gpu_worker.frames.{module}"


def test_frames_reach_the_pipe_complete_and_in_order(tmp_path: Path) -> None:
    width, height = still_size((64, 64))
    still = bytes(value % 251 for value in range(width * height * 3 // 2))
    (tmp_path / "still.yuv").write_bytes(still)
    source = FrameSource("still.yuv", (width, height), (64, 64), 30)
    reader, writer = os.pipe()
    thread = threading.Thread(target=write_frames, args=(source, tmp_path, 2, writer))
    thread.start()
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
        data = pipe.read()
    thread.join()
    draw = open_resampler(still, source)
    assert data == b"".join(bytes(plane) for index in range(30) for plane in draw(index))


def test_closed_pipe_ends_drawing_without_an_error(tmp_path: Path) -> None:
    width, height = still_size((640, 640))
    (tmp_path / "still.yuv").write_bytes(bytes(width * height * 3 // 2))
    reader, writer = os.pipe()
    os.close(reader)
    write_frames(FrameSource("still.yuv", (width, height), (640, 640), 1000), tmp_path, 2, writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writer)
