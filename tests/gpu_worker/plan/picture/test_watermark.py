"""The place of a watermark, and its pixels: the plan's steps run on raw frames, without an encoder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from contract.options.captions.choices import Position
from contract.options.picture.watermark import WATERMARK
from contract.options.picture.watermark import Watermark as Request
from gpu_worker.media.info import PhotoInfo
from gpu_worker.plan.model import pixels_name
from gpu_worker.plan.picture.watermark import Watermark, place_watermark, watermark_chain, watermark_step
from tests.support.media.factory import URL, MediaFactory

FRAMES = (1920, 1080), (1080, 1920), (1080, 1080), (64, 64), (3840, 64), (66, 500)
PHOTOS = (400, 400), (1000, 100), (100, 1000), (1, 1), (12000, 3)


def place(position: Position = Position.TOP_RIGHT, **options: float) -> Callable[..., Watermark]:
    request = Request(url_image=URL, position=position, **options)
    return lambda photo, frame: place_watermark(request, PhotoInfo(*photo), frame)


@pytest.mark.parametrize("position", list(Position))
def test_watermark_is_between_the_margins_at_each_position(position: Position) -> None:
    for photo, frame, size, margin in product(PHOTOS, FRAMES, (1, 15, 100), (0, 4, 25)):
        mark = place(position, size=size, margin=margin)(photo, frame)
        assert all(value % 2 == 0 for value in (*mark.size, *mark.position))
        row, column = position.split("_")
        distance = min(frame) * margin / 100
        for side, part, at, word in zip(frame, mark.size, mark.position, (column, row), strict=True):
            assert part >= 2
            assert 0 <= at <= side - part
            room = max(distance, side - part - distance)
            assert at + 2 >= min(distance, (side - part) / 2)
            expected = {"left": distance, "top": distance, "right": room, "bottom": room}
            assert abs(at - expected.get(word, (side - part) / 2)) <= 2 or part + 2 * distance > side - 4


def test_size_is_in_percent_of_the_short_side() -> None:
    for frame in FRAMES[:3]:
        assert place(size=15)((400, 200), frame).size == (162, 80)
    assert place(size=100, margin=0)((400, 200), (1920, 1080)).size == (1080, 540)
    # Less where it would not fit between the margins.
    assert place(size=100, margin=4)((400, 400), (1080, 1080)).size == (994, 994)
    assert place(size=100, margin=4)((200, 400), (1920, 1080)).size == (496, 994)


GRAY, RED, BLUE = (120, 120, 120), (220, 30, 40), (10, 120, 250)


def draw_logo() -> Image.Image:
    """Draw a red disc, a blue square and a half transparent white one on transparent green."""
    scale = 4
    disc = Image.new("L", (200 * scale, 200 * scale), 0)
    ImageDraw.Draw(disc).ellipse([20 * scale, 20 * scale, 180 * scale, 180 * scale], fill=255)
    logo = Image.new("RGBA", (200, 200), (0, 255, 0, 0))
    red = Image.new("RGBA", (200, 200), (*RED, 0))
    red.putalpha(disc.resize((200, 200), Image.Resampling.BOX))
    logo.paste(Image.new("RGBA", (200, 200), (*RED, 255)), mask=red.getchannel("A"))
    # Pasting mixes colors: those of partly transparent pixels are set to red.
    pixels = logo.load()
    alpha = red.getchannel("A").load()
    for x, y in product(range(200), range(200)):
        if alpha[x, y]:
            pixels[x, y] = (*RED, alpha[x, y])
    ImageDraw.Draw(logo).rectangle([0, 0, 39, 39], fill=(255, 255, 255, 128))
    ImageDraw.Draw(logo).rectangle([160, 160, 199, 199], fill=(*BLUE, 255))
    return logo


def draw(media: MediaFactory, folder: Path, mark: Watermark, logo: Image.Image, source: str) -> list[Image.Image]:
    """Return the frames of a source with a watermark, as RGB."""
    (folder / pixels_name(WATERMARK, has_alpha=True)).write_bytes(logo.tobytes())
    step = (media.ffmpeg, "-nostdin", "-v", "error", *watermark_step(mark).args)
    subprocess.run(step, check=True, cwd=folder)
    graph = f"{watermark_chain(f'{source},{TO_YUV}', mark)},{TO_RGB}"
    writing = ("-fps_mode", "passthrough", "-f", "rawvideo", "-")
    argv = [media.ffmpeg, "-nostdin", "-v", "error", "-filter_complex", graph, *writing]
    raw = subprocess.run(argv, check=True, cwd=folder, capture_output=True).stdout
    size = 320 * 180 * 3
    return [Image.frombytes("RGB", (320, 180), raw[at : at + size]) for at in range(0, len(raw), size)]


SOURCE = "color=0x787878:s=320x180:r=25:d=0.2,format=rgb24"
TO_YUV = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
TO_RGB = "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24"
MARK = Watermark((200, 200), (100, 100), (210, 10))


def is_near(found: object, expected: tuple[int, ...], within: int = 2) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


def test_colors_are_exact_and_edges_have_no_fringe(media: MediaFactory, tmp_path: Path) -> None:
    frames = draw(media, tmp_path, MARK, draw_logo(), SOURCE)
    assert len(frames) == 5
    for frame in frames:
        assert is_near(frame.getpixel((260, 60)), RED)
        assert is_near(frame.getpixel((300, 100)), BLUE)
        assert is_near(frame.getpixel((218, 18)), (188, 188, 188))
    difference = ImageChops.difference(frames[0], blend_exactly(media))
    outside = difference.copy()
    outside.paste((0, 0, 0), (206, 6, 314, 114))
    assert max(high for _low, high in outside.getextrema()) <= 1
    # A fringe would be as wide as the disc is round: hundreds of pixels.
    off = sum(max(pixel) > 12 for pixel in difference.get_flattened_data())
    assert off < 30, off
    assert max(high for _low, high in difference.getextrema()) < 40


def blend_exactly(media: MediaFactory) -> Image.Image:
    """Return a frame with the logo, blended in RGB and sampled as in a video."""
    frame = Image.new("RGB", (320, 180), GRAY)
    small = draw_logo().convert("RGBa").resize((100, 100), Image.Resampling.LANCZOS).convert("RGBA")
    frame.paste(small.convert("RGB"), (210, 10), small.getchannel("A"))
    raw = ("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "320x180")
    path = media.folder / "exact.rgb"
    path.write_bytes(frame.tobytes())
    sampled = media.run_ffmpeg(*raw, "-i", path, "-vf", f"{TO_YUV},{TO_RGB}", "-f", "rawvideo", "-")
    return Image.frombytes("RGB", (320, 180), sampled)


@pytest.mark.parametrize("opacity", [0.0, 0.5])
def test_opacity_mixes_with_the_frame(media: MediaFactory, tmp_path: Path, opacity: float) -> None:
    mark = Watermark((200, 200), (100, 100), (0, 80), opacity)
    frame = draw(media, tmp_path, mark, draw_logo(), SOURCE)[0]
    mixed = tuple(round(a + (b - a) * opacity) for a, b in zip(GRAY, RED, strict=True))
    assert is_near(frame.getpixel((50, 130)), mixed)


def test_watermark_is_there_from_before_the_first_frame_to_after_the_last(media: MediaFactory, tmp_path: Path) -> None:
    late = f"{SOURCE},setpts=(N*N+7)*0.3/TB"
    frames = draw(media, tmp_path, MARK, draw_logo(), late)
    assert [is_near(frame.getpixel((260, 60)), RED) for frame in frames] == [True] * 5
