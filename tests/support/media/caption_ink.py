"""Render captions with the real ffmpeg and measure their ink."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from contract.options.captions import CaptionOptions
from gpu_worker.ffmpeg.run import run_ffmpeg
from gpu_worker.media.info import Cue
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan.captions.draw import draw_captions
from gpu_worker.plan.measure import Typefaces
from gpu_worker.plan.model import SUBTITLES
from tests.support.media.factory import MediaFactory

Box = tuple[int, int, int, int]


def write_ass(cues: Sequence[Cue], size: tuple[int, int]) -> str:
    """Return the script of cues in the default style."""
    return draw_captions(cues, CaptionOptions(), size).script


def render(
    media: MediaFactory, folder: Path, script: str, size: tuple[int, int], *, seconds: float, rate: int = 25
) -> list[Image.Image]:
    """Return the frames of a black video with the script drawn on it, in RGB."""
    (folder / SUBTITLES).write_text(script, encoding="utf-8")
    source = ("-f", "lavfi", "-i", f"color=c=black:s={size[0]}x{size[1]}:r={rate}:d={seconds}")
    burn = ("-vf", f"format=rgb24,ass=f={SUBTITLES}:fontsdir={FONTS_DIRECTORY}", "-pix_fmt", "rgb24")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, (*source, *burn, "-f", "rawvideo", "-y", "out"), folder))
    pixels, step = (folder / "out").read_bytes(), 3 * size[0] * size[1]
    return [Image.frombytes("RGB", size, pixels[at : at + step]) for at in range(0, len(pixels), step)]


def draw(
    media: MediaFactory,
    folder: Path,
    cues: Sequence[Cue],
    options: CaptionOptions,
    size: tuple[int, int],
    faces: Typefaces,
    *,
    seconds: float,
    rate: int = 25,
) -> list[Image.Image]:
    """Return the frames of a black video with the captions drawn on it."""
    script = draw_captions(cues, options, size, faces).script
    return render(media, folder, script, size, seconds=seconds, rate=rate)


def ink(frame: Image.Image, level: int = 40) -> Box | None:
    """Return the box (left, top, right, bottom) of all pixels that are not nearly black; None if there are none."""
    return frame.convert("L").point(lambda gray: 255 if gray > level else 0).getbbox()


def ink_of_color(frame: Image.Image, color: tuple[int, int, int], tolerance: int = 60) -> Box | None:
    """Return the box of the pixels that are nearly of this color."""
    bands = [
        band.point(lambda value, want=want: 255 if abs(value - want) <= tolerance else 0)
        for band, want in zip(frame.split(), color, strict=True)
    ]
    red, green, blue = bands
    mask = Image.composite(Image.composite(red, Image.new("L", red.size), green), Image.new("L", red.size), blue)
    return mask.getbbox()
