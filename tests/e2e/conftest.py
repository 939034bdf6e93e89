from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from gpu_worker.ffmpeg.locate import find_ffmpeg
from tests.support.system import ROOT, System, Web, running, web

SHARED = ROOT.parent / "shared" / "media"
SRT = "1\n00:00:00,200 --> 00:00:01,500\nErste Zeile: ein Café\n\n2\n00:00:01,600 --> 00:00:02,500\nsecond line\n"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated inputs, valid and invalid."""
    folder = tmp_path_factory.mktemp("media")
    ffmpeg = find_ffmpeg(None).path

    def make(*arguments: str) -> None:
        subprocess.run([ffmpeg, "-v", "error", "-y", *arguments], cwd=folder, check=True, timeout=120)

    clip = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=3", "-f", "lavfi", "-i", "sine=440:d=3:r=48000"]
    make(*clip, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "clip.mp4")
    make("-i", "clip.mp4", "-c", "copy", "-movflags", "+faststart", "fast.mp4")
    make("-f", "lavfi", "-i", "sine=330:d=2:r=44100", "-q:a", "5", "voice.mp3")
    make("-i", "clip.mp4", "-vn", "-c:a", "copy", "audio_only.mp4")
    photo = Image.new("RGB", (900, 1400), "steelblue")
    ImageDraw.Draw(photo).ellipse((200, 400, 700, 900), fill="gold", outline="black", width=8)
    photo.save(folder / "photo.jpg", quality=90)
    (folder / "clip.srt").write_text(SRT)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "empty.srt").write_bytes(b"")
    (folder / "no_cue.srt").write_text("this is only a text\nwith two lines\n")
    (folder / "text.mp4").write_text("plain words, not a video\n" * 50)
    (folder / "page.mp4").write_text("<!doctype html><html><title>Sign in</title><body>planted</body></html>")
    data = (folder / "clip.mp4").read_bytes()
    (folder / "truncated.mp4").write_bytes(data[: len(data) // 2])
    fast = (folder / "fast.mp4").read_bytes()
    (folder / "truncated_fast.mp4").write_bytes(fast[: len(fast) * 2 // 3])
    return folder


@pytest.fixture(scope="session")
def site(media: Path) -> Iterator[Web]:
    with web(media) as serving:
        yield serving


@pytest.fixture(scope="package")
def shared_system() -> Iterator[System]:
    """The system, stopped after the last test of this folder: an idle one takes 8 % of a core."""
    with running("--workers=2", "--webhook-scale=0.02", env={"CALLBACK_TIME_SCALE": "0.01"}) as started:
        yield started


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    """The running system, without faults before and after."""
    shared_system.no_faults()
    yield shared_system
    shared_system.no_faults()
