"""Render docs/compose.webp, the README's picture: three inputs, and the video that `compose` makes from them.

`make picture` runs it. The worker renders the video; nothing is downloaded.
"""

from __future__ import annotations

import array
import os
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gpu_worker.ffmpeg.locate import find_ffmpeg
from local.samples.image import draw_landscape
from local.samples.media import SUBTITLES, make_voice

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "docs" / "compose.webp"

_CANVAS, _VIDEO, _PHOTO = (720, 520), (270, 480), (219, 240)
_PORTRAIT = (920, 0, 2380, 1600)
"""The part of the landscape without lettering, with the sun in its middle."""
_LEFT, _RIGHT = 20, 430
_FRAMES_PER_SECOND = 8
_BACKGROUND, _INK, _GRAY, _BLUE = "#ffffff", "#24292f", "#6e7781", "#0969da"
_FONT = ROOT / "gpu_worker" / "fonts" / "DejaVuSans-Bold.ttf"


def main() -> None:
    """Draw the inputs, run the worker on them, and write the animation."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo, voice, captions = folder / "photo.jpg", folder / "voice.wav", folder / "voice.srt"
        draw_portrait(photo)
        make_voice(voice)
        captions.write_text(SUBTITLES, encoding="utf-8")
        video = folder / "short.mp4"
        inputs = [f"--image={photo}", f"--audio={voice}", f"--srt={captions}"]
        worker = [sys.executable, "-m", "gpu_worker", "compose", *inputs, "--size=1080x1920", f"--output={video}"]
        subprocess.run(worker, check=True, cwd=ROOT)
        card = draw_card(photo, voice)
        frames = [paste_frame(card, picture) for picture in read_frames(video, folder)]
        frames[0].save(
            PATH, save_all=True, append_images=frames[1:], duration=1000 // _FRAMES_PER_SECOND, quality=60, method=6
        )
    print(f"{PATH.relative_to(ROOT)}: {len(frames)} frames, {PATH.stat().st_size // 1000} KB")


def draw_portrait(path: Path) -> None:
    """Write the sample landscape, cropped so that a portrait video shows the sun."""
    draw_landscape(path)
    with Image.open(path) as picture:
        picture.crop(_PORTRAIT).save(path, "JPEG", quality=92)


def draw_card(photo: Path, voice: Path) -> Image.Image:
    """Draw everything except the video: the inputs on the left, and the command between them and the video."""
    card = Image.new("RGB", _CANVAS, _BACKGROUND)
    draw = ImageDraw.Draw(card)
    _write(draw, (_LEFT, 16), "photo.jpg", 13, _GRAY)
    with Image.open(photo) as picture:
        card.paste(picture.resize(_PHOTO, Image.Resampling.LANCZOS), (_LEFT, 36))
    _write(draw, (_LEFT, 288), "voice.wav", 13, _GRAY)
    _draw_waveform(draw, voice, (_LEFT, 308, _LEFT + 300, 358))
    _write(draw, (_LEFT, 372), "voice.srt", 13, _GRAY)
    excerpt = "\n".join(SUBTITLES.splitlines()[:7])
    draw.multiline_text((_LEFT, 392), excerpt, fill=_INK, font=_font(11), spacing=5)
    draw.line((340, 260, 392, 260), fill=_BLUE, width=6)
    draw.polygon(((390, 246), (412, 260), (390, 274)), fill=_BLUE)
    _write(draw, (334, 222), "compose", 15, _BLUE)
    _write(draw, (_RIGHT, 502), "short.mp4", 13, _GRAY)
    return card


def paste_frame(card: Image.Image, picture: Image.Image) -> Image.Image:
    """Return the card with one frame of the video in its place."""
    frame = card.copy()
    frame.paste(picture, (_RIGHT, 16))
    return frame


def read_frames(video: Path, folder: Path) -> Iterator[Image.Image]:
    """Decode the video into pictures of the size and rate of the animation."""
    filters = f"fps={_FRAMES_PER_SECOND},scale={_VIDEO[0]}:{_VIDEO[1]}:flags=lanczos"
    ffmpeg = find_ffmpeg(os.environ.get("FFMPEG")).path
    subprocess.run([ffmpeg, "-v", "error", "-i", video, "-vf", filters, folder / "%03d.png"], check=True)
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            yield picture.convert("RGB")


def _draw_waveform(draw: ImageDraw.ImageDraw, voice: Path, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    with wave.open(str(voice)) as sound:
        samples = array.array("h", sound.readframes(sound.getnframes()))
    step, middle, height = len(samples) // ((right - left) // 3), (top + bottom) / 2, (bottom - top) / 2
    for index, x in enumerate(range(left, right, 3)):
        peak = max(abs(sample) for sample in samples[index * step : (index + 1) * step]) / 32768
        draw.line((x, middle - height * peak, x, middle + height * peak + 1), fill=_INK, width=2)


def _write(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, color: str) -> None:
    draw.text(place, text, fill=color, font=_font(size))


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), size)


if __name__ == "__main__":
    main()
