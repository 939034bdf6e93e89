"""Sheets of frames for docs/gallery: run the worker, take frames of its video, and lay them in a row."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from gpu_worker.ffmpeg.locate import find_ffmpeg

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"

_GAP = 6


def run_worker(*args: str | Path) -> None:
    """Run one operation of the worker. Raises CalledProcessError."""
    argv = [sys.executable, "-m", "gpu_worker", *map(str, args)]
    subprocess.run(argv, check=True, cwd=ROOT, capture_output=True)


def take_frame(video: Path, moment: float) -> Image.Image:
    """Return the first frame at or after a time in seconds."""
    picture = video.with_name("frame.png")
    reading = ["-v", "error", "-y", "-ss", str(moment), "-i", str(video), "-frames:v", "1", str(picture)]
    subprocess.run([find_ffmpeg(os.environ.get("FFMPEG")).path, *reading], check=True)
    with Image.open(picture) as image:
        return image.convert("RGB")


def join_frames(frames: Sequence[Image.Image], sizes: Sequence[tuple[int, int]]) -> Image.Image:
    """Return the frames in a row, each scaled to its size; all of one height."""
    sheet = Image.new("RGB", (sum(width + _GAP for width, _ in sizes) - _GAP, sizes[0][1]), "white")
    left = 0
    for frame, size in zip(frames, sizes, strict=True):
        sheet.paste(frame.resize(size, Image.Resampling.LANCZOS), (left, 0))
        left += size[0] + _GAP
    return sheet


def save_sheet(sheet: Image.Image, name: str) -> None:
    """Write a sheet to the gallery."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.webp"
    sheet.save(path, quality=70, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} KB", flush=True)
