"""The command line, as a person runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpu_worker.cli import main
from tests.worker.studio import Studio

ROOT = Path(__file__).resolve().parents[2]


def command(studio: Studio, *args: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "FFMPEG": studio.ffmpeg, "WORK_DIR": str(studio.folder)}
    argv = [sys.executable, "-m", "gpu_worker", *map(str, args)]
    return subprocess.run(argv, check=False, capture_output=True, text=True, cwd=ROOT, env=environ)


@pytest.fixture
def srt(studio: Studio) -> Path:
    path = studio.folder / "cli.srt"
    path.write_text("1\n00:00:00,100 --> 00:00:01,000\nhi\n")
    return path


def test_every_operation_runs_on_local_files(studio: Studio, srt: Path, tmp_path: Path) -> None:
    picture, video, sound = studio.circle("cli.png", (160, 90), 20), studio.video("cli.mp4", 1), studio.sound()
    still = ("--duration", "0.5", "--frame-rate", "12", "--size", "160x90", "--fit", "contain")
    for args, says in (
        (("caption", "--video", video, "--srt", srt), "320x180, 25 frames at 25 fps"),
        (("img2vid", "--image", picture, *still), "160x90, 6 frames at 12 fps, 0.500 s, h264, no sound"),
        (("addaudio", "--video", video, "--audio", sound, "--mode", "mix", "--volume", "0.5"), "picture copied"),
        (("compose", "--image", picture, "--audio", sound, "--srt", srt, *still), "160x90, 6 frames"),
        (("compose", "--video", video, "--srt", srt), "encoded with libx264"),
    ):
        out = tmp_path / "out file.mp4"
        ended = command(studio, *args, "-o", out)
        assert ended.returncode == 0, ended.stderr
        assert says in ended.stdout
        assert studio.probe(out).video is not None
        assert [path.name for path in tmp_path.iterdir()] == ["out file.mp4"]
        out.unlink()


def test_a_failure_is_a_sentence_and_a_one(studio: Studio, srt: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    ended = command(studio, "caption", "--video", srt, "--srt", srt, "-o", out)
    assert ended.returncode == 1
    assert ended.stderr == "failed (media_unreadable): --video is not a media file that can be read.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "args",
    [
        ("caption",), ("dance",), ("compose", "-o", "x.mp4"), ("img2vid", "--image", "nowhere.png", "-o", "x.mp4"),
        ("img2vid", "--image", __file__, "--size", "3x3", "-o", "x.mp4"),
        ("img2vid", "--image", __file__, "--duration", "0", "-o", "x.mp4"),
        ("img2vid", "--image", __file__, "--frame-rate", "x", "-o", "x.mp4"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_a_two(args: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell started in the background ignores SIGINT, and so would all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.fault("I1")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(studio: Studio, tmp_path: Path, number: signal.Signals) -> None:
    work = tmp_path / "work"
    work.mkdir()
    picture = studio.circle("cli.png", (160, 90), 20)
    environ = {"PATH": os.environ["PATH"], "FFMPEG": studio.ffmpeg, "WORK_DIR": str(work)}
    argv = [sys.executable, "-m", "gpu_worker", "img2vid", "--image", str(picture), "--duration", "60",
            "-o", str(tmp_path / "out.mp4")]  # fmt: skip
    process = subprocess.Popen(argv, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
    while not list(work.glob("*/job/out.mp4")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _out, errors = process.communicate(timeout=60)
    # Not 0: it did not wait until the video was made.
    assert process.returncode == 130
    assert errors.endswith("interrupted\n")
    assert "Traceback" not in errors
    assert list(work.iterdir()) == []
    assert not (tmp_path / "out.mp4").exists()


def test_the_command_line_does_not_load_the_sdk(studio: Studio) -> None:
    late = {"runpod", "PIL", "charset_normalizer"}
    code = f"import sys, gpu_worker.cli, gpu_worker.handler; print({late} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert ended.stdout == "set()\n"
