"""Every operation completes through the webhook, on generated and real media, with the requested output."""

from __future__ import annotations

import asyncio
import hashlib
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from contract.operations import Role
from gpu_worker.ffmpeg.locate import find_ffmpeg
from gpu_worker.media.info import Facts
from gpu_worker.probe.probe import probe
from tests.e2e.conftest import SHARED, SRT
from tests.support.system import Job, System, Web, web

FRAME = 1 / 24


def download(job: Job, folder: Path) -> tuple[Path, Facts]:
    """Download the video as a client does, and measure it."""
    path = folder / "out.mp4"
    with urllib.request.urlopen(job["video_url"], timeout=30) as answer:
        path.write_bytes(answer.read())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == job["video"]["sha256"]
    assert path.stat().st_size == job["video"]["size_bytes"]
    return path, asyncio.run(probe(find_ffmpeg(None), path, Role.VIDEO, "url_video", 120_000_000))


def check(job: Job, folder: Path, *, size: tuple[int, int], seconds: float, frames: int | None, sound: bool) -> Facts:
    assert (job["status"], job["error"]) == ("COMPLETED", None), job
    assert job["execution"]["settled_by"] == "webhook"
    assert job["progress"] == {"percent": 100, "stage": "done"}
    _, facts = download(job, folder)
    assert facts.video is not None
    video = job["video"]
    assert ((facts.video.width, facts.video.height), facts.video.codec) == (size, "h264")
    assert (video["width"], video["height"], video["video_codec"]) == (*size, "h264")
    assert float(facts.video.end - facts.video.start) == pytest.approx(seconds, abs=FRAME)
    assert video["duration_seconds"] == pytest.approx(seconds, abs=FRAME)
    if frames is not None:
        assert facts.video.frames == frames
    assert (facts.audio is not None) == sound
    assert (video["audio_codec"] is not None) == sound
    return facts


def test_caption_keeps_size_frames_and_sound(system: System, site: Web, tmp_path: Path) -> None:
    job = system.run("caption", url_video=site("clip.mp4"), url_srt=site("clip.srt"))
    check(job, tmp_path, size=(640, 360), seconds=3, frames=75, sound=True)
    assert job["execution"]["encoder"] == "libx264"


@pytest.mark.parametrize(("rate", "seconds", "frames"), [(24, 1.5, 36), (30, 0.5, 15), (23.976, 1.0, 24)])
def test_img2vid_has_exactly_the_requested_frames(
    system: System, site: Web, tmp_path: Path, rate: float, seconds: float, frames: int
) -> None:
    fields: dict[str, Any] = {"frame_rate": rate, "duration": seconds, "size": "640x360"}
    job = system.run("img2vid", url_image=site("photo.jpg"), **fields)
    check(job, tmp_path, size=(640, 360), seconds=seconds, frames=frames, sound=False)


def test_addaudio_copies_the_video_and_ends_with_the_shorter_track(system: System, site: Web, tmp_path: Path) -> None:
    job = system.run("addaudio", url_video=site("clip.mp4"), url_audio=site("voice.mp3"))
    check(job, tmp_path, size=(640, 360), seconds=2, frames=None, sound=True)
    assert (job["execution"]["video_mode"], job["execution"]["encoder"]) == ("copy", None)
    assert job["execution"]["loudness"] is None
    job = system.run("addaudio", url_video=site("clip.mp4"), url_audio=site("voice.mp3"), mode="music")
    check(job, tmp_path, size=(640, 360), seconds=3, frames=75, sound=True)
    assert job["execution"]["video_mode"] == "copy"
    loudness = job["execution"]["loudness"]
    assert loudness["lufs"] == pytest.approx(-14, abs=0.5)
    assert loudness["true_peak_db"] <= -1


def test_captions_inside_the_request_are_drawn_by_word(system: System, site: Web, tmp_path: Path) -> None:
    text = "Two lines of text,\nand a voice."
    fields = {"url_image": site("photo.jpg"), "url_audio": site("voice.mp3"), "captions": text}
    job = system.run("compose", size="216x384", style={"preset": "karaoke", "font": "poppins"}, **fields)
    check(job, tmp_path, size=(216, 384), seconds=2, frames=None, sound=True)
    assert (job["execution"]["word_timing"], job["execution"]["fonts_used"]) == ("estimated", ["Poppins"])
    words = [{"word": word, "start": at, "end": at + 0.5} for at, word in enumerate(("one", "two"))]
    job = system.run("caption", url_video=site("clip.mp4"), words=words, style="pop")
    check(job, tmp_path, size=(640, 360), seconds=3, frames=75, sound=True)
    assert job["execution"]["word_timing"] == "given"
    job = system.run("caption", url_video=site("clip.mp4"), captions=text, subtitle_mode="soft")
    check(job, tmp_path, size=(640, 360), seconds=3, frames=75, sound=True)
    assert (job["execution"]["video_mode"], job["execution"]["fonts_used"]) == ("copy", [])
    assert (job["execution"]["copied_seconds"], job["execution"]["encoded_seconds"]) == (3, 0)


def test_compose_from_a_photo_lasts_as_long_as_the_voice(system: System, site: Web, tmp_path: Path) -> None:
    fields = {"url_image": site("photo.jpg"), "url_audio": site("voice.mp3"), "url_srt": site("clip.srt")}
    job = system.run("compose", size="360x640", **fields)
    check(job, tmp_path, size=(360, 640), seconds=2, frames=None, sound=True)


def test_compose_from_a_video_ends_with_its_new_sound(system: System, site: Web, tmp_path: Path) -> None:
    job = system.run("compose", url_video=site("clip.mp4"), url_audio=site("voice.mp3"), url_srt=site("clip.srt"))
    check(job, tmp_path, size=(640, 360), seconds=2, frames=None, sound=True)


needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no real media next to this checkout")


@needs_shared
def test_every_operation_completes_on_real_media(system: System, tmp_path: Path) -> None:
    with web(SHARED) as real, web(tmp_path) as mine:
        (tmp_path / "s.srt").write_text(SRT)
        photo, clip, speech = real("kleiber_4608x2592.jpg"), real("bigbuckbunny.mp4"), real("a40.mp3")
        srt = mine("s.srt")
        submitted = [
            system.submit("caption", url_video=clip, url_srt=srt),
            system.submit("img2vid", url_image=photo, duration=2),
            system.submit("addaudio", url_video=clip, url_audio=speech),
            system.submit("compose", url_image=photo, url_audio=speech, url_srt=srt, duration=2),
        ]
        caption, still, addaudio, compose = (system.wait(job["job_id"], seconds=120) for job in submitted)
    check(caption, tmp_path, size=(1280, 720), seconds=5.28, frames=132, sound=True)
    check(still, tmp_path, size=(1920, 1080), seconds=2, frames=48, sound=False)
    check(addaudio, tmp_path, size=(1280, 720), seconds=5.28, frames=132, sound=True)
    check(compose, tmp_path, size=(1920, 1080), seconds=2, frames=48, sound=True)
