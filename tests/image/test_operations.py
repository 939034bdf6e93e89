"""Every operation by hand, with the image's own Python and ffmpeg and nothing of its file system writable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image.conftest import Image
from tests.support.media.factory import MediaFactory, count_bright_pixels

CASES = {
    "caption": (("--video", "video.mp4", "--srt", "lines.srt"), (640, 360), 50, False),
    "img2vid": (("--image", "photo.jpg", "--duration", "2", "--size", "360x640"), (360, 640), 48, False),
    "addaudio": (("--video", "video.mp4", "--audio", "voice.mp3"), (640, 360), 50, True),
    "compose": (("--image", "photo.jpg", "--audio", "voice.mp3", "--srt", "lines.srt"), (1920, 1080), 48, True),
}


@pytest.mark.parametrize("operation", CASES)
def test_operation_runs_on_a_read_only_root(
    image: Image, media: MediaFactory, media_folder: Path, operation: str
) -> None:
    given, size, frames, sound = CASES[operation]
    run = ("--rm", "--read-only", "--tmpfs=/tmp:mode=1777", f"--volume={media_folder}:/media", "--workdir=/media")
    command = ("python3", "-m", "gpu_worker", operation, *given, "-o", "made.mp4")
    image.call(*image.argv(*run, "--env=PYTHONPATH=/app"), *command)
    facts = media.probe(media_folder / "made.mp4")
    assert facts.video is not None
    assert (facts.video.display_size, facts.video.codec) == (size, "h264")
    assert facts.video.frames == pytest.approx(frames, abs=1)
    assert (facts.audio is not None) == (sound or operation == "caption")


def test_image_draws_every_script(image: Image, media: MediaFactory, media_folder: Path) -> None:
    """One line each in scripts that need fonts of the distribution: none may come out empty, or as a warning."""
    lines = ("東京タワー", "서울특별시", "नमस्ते", "สวัสดี", "مرحبا", "ሰላም")
    cues = (f"{at}\n00:00:0{at},000 --> 00:00:0{at},900\n{line}\n" for at, line in enumerate(lines))
    (media_folder / "lines.srt").write_text("\n".join(cues), "utf-8")
    dark = media.make_video("dark.mp4", len(lines), "640x360", source="color=c=black", sound=False)
    (media_folder / "video.mp4").write_bytes(dark.read_bytes())
    output = image.run(
        "sh", "-c", "python3 -m gpu_worker caption --video video.mp4 --srt lines.srt -o made.mp4 2>&1",
        options=(f"--volume={media_folder}:/media", "--workdir=/media", "--env=PYTHONPATH=/app"),
    )  # fmt: skip
    assert "font" not in output.lower()
    drawn = [count_bright_pixels(media.decode_frame(media_folder / "made.mp4", at + 0.4)) for at in range(len(lines))]
    assert min(drawn) > 100, drawn
