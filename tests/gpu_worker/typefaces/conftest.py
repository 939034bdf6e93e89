"""Draw text with the shipped fonts, and measure its ink."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.typefaces.font_files import FontFiles
from tests.support.media.factory import MediaFactory

EM = 64
"""Pixels."""
_SIZE = (1280, 192)
_HEAD = f"""[Script Info]
ScriptType: v4.00+
PlayResX: {_SIZE[0]}
PlayResY: {_SIZE[1]}
WrapStyle: 2
Kerning: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, BorderStyle, Outline, Shadow, Alignment, Encoding
Style: Caption,DejaVu Sans,10,&H00FFFFFF,1,0,0,5,-1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class Renderer:
    """Draws with libass on a host without installed fonts."""

    def __init__(self, media: MediaFactory, folder: Path) -> None:
        self._media, self._folder = media, folder
        self.typefaces = FontFiles(FONTS_DIRECTORY)
        (folder / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>')

    def text(self, text: str, family: str, *, bold: bool) -> str:
        """Return text as ASS, each run in its family, with an em of `EM`."""
        runs = self.typefaces.runs(text, family)
        return f"{{\\b{int(bold)}}}" + "".join(
            f"{{\\fn{found or family}\\fs{self.typefaces.ass_size(found or family, EM):.3f}}}{part}"
            for part, found in runs
        )

    def draw(self, texts: Sequence[str]) -> list[Image.Image]:
        """Draw each text, as ASS, in white on black."""
        lines = [
            f"Dialogue: 0,0:00:{n:02}.00,0:00:{n + 1:02}.00,Caption,,0,0,0,,{line}\n" for n, line in enumerate(texts)
        ]
        assert len(lines) <= 60
        (self._folder / "text.ass").write_text(_HEAD + "".join(lines), "utf-8")
        black = f"color=c=black:s={_SIZE[0]}x{_SIZE[1]}:r=1:d={len(lines)}"
        draw = f"ass=f=text.ass:fontsdir={FONTS_DIRECTORY}"
        pixels = subprocess.run(
            [self._media.ffmpeg, "-v", "fatal", "-nostdin", "-f", "lavfi", "-i", black, "-vf", draw,
             "-f", "rawvideo", "-pix_fmt", "gray", "-"],
            check=True, capture_output=True, cwd=self._folder,
            env=os.environ | {"FONTCONFIG_FILE": str(self._folder / "fonts.conf")},
        ).stdout  # fmt: skip
        step = _SIZE[0] * _SIZE[1]
        return [Image.frombytes("L", _SIZE, pixels[at : at + step]) for at in range(0, len(pixels), step)]


def ink(picture: Image.Image) -> tuple[float, float]:
    """Return the width and height of what is drawn, in em."""
    box = picture.point(lambda value: 255 if value > 96 else 0).getbbox()
    assert box is not None
    assert box[0] > 0
    assert box[2] < picture.width
    return (box[2] - box[0]) / EM, (box[3] - box[1]) / EM


@pytest.fixture(scope="session")
def renderer(media: MediaFactory, tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    return Renderer(media, tmp_path_factory.mktemp("typefaces"))
