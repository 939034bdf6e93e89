"""The command line as a person runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.guard import run_environment
from tests.support.measured import measured_environment
from tests.support.media.factory import MediaFactory

ROOT = Path(__file__).resolve().parents[3]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_every_operation_runs_on_local_files(media: MediaFactory, command: Command, srt: Path, tmp_path: Path) -> None:
    picture, video, sound = (
        media.make_circle("cli.png", (160, 90), 20),
        media.make_video("cli.mp4", 1),
        media.make_audio(),
    )
    still = ("--duration", "0.5", "--frame-rate", "12", "--size", "160x90", "--fit", "contain")
    for args, says in (
        (("caption", "--video", video, "--srt", srt), "320x180, 25 frames at 25 fps"),
        (("caption", "--video", video, "--captions", srt.read_text()), "320x180, 25 frames at 25 fps"),
        (("img2vid", "--image", picture, *still), "160x90, 6 frames at 12 fps, 0.500 s, h264, no sound"),
        (("addaudio", "--video", video, "--audio", sound, "--mode", "mix", "--volume", "0.5"), "picture copied"),
        (("compose", "--image", picture, "--audio", sound, "--srt", srt, *still), "160x90, 6 frames"),
        (("compose", "--video", video, "--srt", srt), "encoded with libx264"),
    ):
        out = tmp_path / "out file.mp4"
        result = command(*args, "-o", out)
        assert result.returncode == 0, result.stderr
        assert says in result.stdout
        assert "100 %\n" in result.stderr
        assert media.probe(out).video is not None
        assert [path.name for path in tmp_path.iterdir()] == ["out file.mp4"]
        out.unlink()


def test_sidecars_are_written_beside_the_video(
    media: MediaFactory, command: Command, srt: Path, tmp_path: Path
) -> None:
    older, out = tmp_path / "out.srt", tmp_path / "out.mp4"
    older.write_text("older")
    older.chmod(0o640)
    video = media.make_video("cli.mp4", 1)
    arguments = ("caption", "--video", video, "--srt", srt, "--sidecar", "srt, VTT ass", "-o", out)
    result = command(*arguments)
    assert result.returncode == 0, result.stderr
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert result.stdout.splitlines()[1:] == [
        f"{tmp_path}/out.{name}: subtitles, {sizes[f'out.{name}']} bytes" for name in ("srt", "vtt", "ass")
    ]
    assert set(sizes) == {"out.mp4", "out.srt", "out.vtt", "out.ass"}
    assert older.read_text() == "1\n00:00:00,100 --> 00:00:01,000\nhi\n\n"
    assert older.stat().st_mode & 0o777 == 0o640
    assert "hi" not in result.stdout + result.stderr
    # What was written can be read again.
    again = command("caption", "--video", video, "--srt", tmp_path / "out.vtt", "-o", tmp_path / "again.mp4")
    assert again.returncode == 0, again.stderr


def test_videos_of_several_pictures_are_numbered(media: MediaFactory, command: Command, tmp_path: Path) -> None:
    pictures = [media.make_circle(f"cli{number}.png", (160, 90), 10 * number) for number in (1, 2)]
    still = ("--duration", "0.5", "--frame-rate", "12", "--size", "160x90")
    result = command("img2vid", "--images", *pictures, *still, "-o", tmp_path / "out.mp4")
    assert result.returncode == 0, result.stderr
    first, second = (tmp_path / f"out_{number}.mp4" for number in (1, 2))
    assert sorted(tmp_path.iterdir()) == [first, second]
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{first}: 160x90, 6 frames at 12 fps, 0.500 s, h264, no sound, ")
    assert lines[1:] == [f"{second}: video, {second.stat().st_size} bytes"]


def test_transcript_names_its_files_by_their_endings(media: MediaFactory, command: Command, tmp_path: Path) -> None:
    result = command("transcribe", "--audio", media.make_audio(), "-o", tmp_path / "t.srt")
    if result.returncode == 0:
        assert {path.name for path in tmp_path.iterdir()} == {"t.json", "t.srt", "t.vtt"}
    else:
        assert result.stderr.startswith("failed (speech_not_available)")
        assert list(tmp_path.iterdir()) == []


def test_a_failure_prints_a_sentence_and_exits_with_1(command: Command, srt: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = command("caption", "--video", srt, "--srt", srt, "-o", out)
    assert result.returncode == 1
    assert result.stderr == "failed (media_unreadable): --video is not a media file that can be read. Check the file.\n"
    assert list(tmp_path.iterdir()) == []


def test_failure_of_captions_in_the_command_line_names_them(
    media: MediaFactory, command: Command, tmp_path: Path
) -> None:
    text = "1\n00:00:02,000 --> 00:00:01,000\n"
    result = command(
        "caption", "--video", media.make_video("cli.mp4", 1), "--captions", f"{text}x", "-o", tmp_path / "x"
    )
    assert (result.returncode, list(tmp_path.iterdir())) == (1, [])
    assert result.stderr.startswith("failed (subtitles_empty): captions contains no subtitle with text")


def test_closed_output_streams_do_not_lose_the_video(media: MediaFactory, srt: Path, tmp_path: Path) -> None:
    video = media.make_video("cli.mp4", 1)
    environ = {"PATH": os.environ["PATH"], "FFMPEG": media.ffmpeg, **run_environment(), **measured_environment()}
    argv = f"'{sys.executable}' -m gpu_worker caption --video '{video}' --srt '{srt}' -o '{tmp_path}/out.mp4'"
    for script in (
        f"({argv}; echo $? > '{tmp_path}/code') 2>&1 | true",
        f"{argv} >&- 2>&-; echo $? > '{tmp_path}/code'",
    ):
        subprocess.run(["bash", "-c", script], cwd=ROOT, env=environ, check=True)
        assert (tmp_path / "code").read_text() == "0\n"
        assert media.probe(tmp_path / "out.mp4").video is not None
        (tmp_path / "out.mp4").unlink()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Restore signals that a background shell or nohup ignores for its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)


@pytest.mark.fault("I1")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_leaves_no_file_and_no_process(media: MediaFactory, tmp_path: Path, number: signal.Signals) -> None:
    work, out = tmp_path / "work", tmp_path / "out" / "out.mp4"
    for folder in (work, out.parent):
        folder.mkdir()
    out.write_text("older")
    picture = media.make_circle("cli.png", (160, 90), 20)
    environ = {"PATH": os.environ["PATH"], "FFMPEG": media.ffmpeg, "WORK_DIR": str(work)}
    environ |= run_environment() | measured_environment()
    argv = [sys.executable, "-m", "gpu_worker", "img2vid", "--image", str(picture), "--duration", "60", "-o", str(out)]
    process = subprocess.Popen(argv, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
    while not list(work.glob("*/job/out.mp4")):
        assert process.poll() is None
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(number)
    # Repeated interrupts must not disturb the cleanup.
    process.send_signal(number)
    process.send_signal(number)
    _out, errors = process.communicate(timeout=60)
    # Not 0: it did not finish the video first.
    assert process.returncode == 128 + number
    assert errors.endswith("interrupted; nothing was written\n")
    assert "Traceback" not in errors
    assert not psutil.wait_procs(children, timeout=5)[1]
    assert list(work.iterdir()) == []
    assert [path.read_text() for path in out.parent.iterdir()] == ["older"]


def test_ffmpeg_5_1_is_refused_with_a_sentence(
    media: MediaFactory, command: Command, tmp_path: Path, srt: Path
) -> None:
    old = ROOT / "tests" / "support" / "ffmpeg_5_1" / "ffmpeg"
    path = f"{old.parent}:{os.environ['PATH']}"
    arguments = ("caption", "--video", media.make_video("cli.mp4", 1), "--srt", srt, "-o", tmp_path / "out.mp4")
    refused = command(*arguments, FFMPEG=str(old), WORK_DIR=str(tmp_path), PATH=path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("failed: ffmpeg 5.1.9-0+deb12u1 is too old")
    assert list(tmp_path.iterdir()) == []
    # An old one on PATH is skipped.
    assert command(*arguments, FFMPEG="", WORK_DIR=str(tmp_path), PATH=path).returncode == 0


def test_command_line_does_not_import_the_sdk() -> None:
    late = {"runpod", "PIL", "charset_normalizer"}
    code = f"import sys, gpu_worker.cli, gpu_worker.handler; print({late} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert result.stdout == "set()\n"
