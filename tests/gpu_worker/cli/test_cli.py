"""The command line, as a person runs it."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from contract.operations import OPERATIONS
from gpu_worker.cli import output_file
from gpu_worker.cli.main import main
from gpu_worker.cli.parser import parse
from gpu_worker.cli.progress_bar import ProgressBar
from tests.support.guard import run_environment
from tests.support.media.factory import MediaFactory

ROOT = Path(__file__).resolve().parents[3]


def command(media: MediaFactory, *args: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "FFMPEG": media.ffmpeg, "WORK_DIR": str(media.folder), **run_environment()}
    argv = [sys.executable, "-m", "gpu_worker", *map(str, args)]
    return subprocess.run(argv, check=False, capture_output=True, text=True, cwd=ROOT, env=environ)


@pytest.fixture
def srt(media: MediaFactory) -> Path:
    path = media.folder / "cli.srt"
    path.write_text("1\n00:00:00,100 --> 00:00:01,000\nhi\n")
    return path


def test_every_operation_runs_on_local_files(media: MediaFactory, srt: Path, tmp_path: Path) -> None:
    picture, video, sound = (
        media.make_circle("cli.png", (160, 90), 20),
        media.make_video("cli.mp4", 1),
        media.make_audio(),
    )
    still = ("--duration", "0.5", "--frame-rate", "12", "--size", "160x90", "--fit", "contain")
    for args, says in (
        (("caption", "--video", video, "--srt", srt), "320x180, 25 frames at 25 fps"),
        (("img2vid", "--image", picture, *still), "160x90, 6 frames at 12 fps, 0.500 s, h264, no sound"),
        (("addaudio", "--video", video, "--audio", sound, "--mode", "mix", "--volume", "0.5"), "picture copied"),
        (("compose", "--image", picture, "--audio", sound, "--srt", srt, *still), "160x90, 6 frames"),
        (("compose", "--video", video, "--srt", srt), "encoded with libx264"),
    ):
        out = tmp_path / "out file.mp4"
        ended = command(media, *args, "-o", out)
        assert ended.returncode == 0, ended.stderr
        assert says in ended.stdout
        assert "100 %\n" in ended.stderr
        assert media.probe(out).video is not None
        assert [path.name for path in tmp_path.iterdir()] == ["out file.mp4"]
        out.unlink()


def test_a_failure_is_a_sentence_and_a_one(media: MediaFactory, srt: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    ended = command(media, "caption", "--video", srt, "--srt", srt, "-o", out)
    assert ended.returncode == 1
    assert ended.stderr == "failed (media_unreadable): --video is not a media file that can be read.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("caption", "required: --video, --srt, -o/--output"),
        ("dance", "invalid choice: 'dance'"),
        ("compose -o x.mp4", "error: send --image or --video, exactly one of the two"),
        ("compose --video FILE -o x.mp4", "error: send --audio or --srt, or both, with --video"),
        ("img2vid --image nowhere.png -o x.mp4", "error: --image: there is no file nowhere.png"),
        ("img2vid --image / -o x.mp4", "error: --image: / is a folder, a device or a pipe; name a file"),
        ("img2vid --image /dev/null -o x.mp4", "error: --image: /dev/null is a folder, a device or a pipe"),
        ("img2vid --image FILE --size 3x3 -o x.mp4", "error: --size: give width and height in pixels, both even"),
        ("img2vid --image FILE --duration 0 -o x.mp4", "error: --duration: give a number from 0.1 to 300"),
        ("img2vid --image FILE --duration nan -o x.mp4", "error: --duration: give a number"),
        ("img2vid --image FILE --frame-rate x -o x.mp4", "error: --frame-rate: give a number from 1 to 60"),
        ("img2vid --image FILE --fit tile -o x.mp4", "error: --fit: give cover or contain"),
        ("addaudio --video FILE --audio FILE --volume 9 -o x.mp4", "error: --volume: give a number from 0 to 4"),
        ("addaudio --video FILE --audio FILE --mode duck -o x.mp4", "error: --mode: give replace or mix"),
        ("addaudio --video FILE --audio FILE --fit cover -o x.mp4", "error: unrecognized arguments: --fit cover"),
    ],
)
def test_wrong_command_lines_name_the_option(
    args: str, says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(args.replace("FILE", __file__).split())
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert "usage:" in shown
    assert says in shown
    assert list(tmp_path.iterdir()) == []


def refused(name: str | Path, capsys: pytest.CaptureFixture[str], **inputs: str | Path) -> str:
    """Return the sentence about an output, before anything is started."""
    files = {"video": __file__, "srt": __file__} | inputs
    with pytest.raises(SystemExit) as ended:
        main(["caption", "--video", str(files["video"]), "--srt", str(files["srt"]), "-o", str(name)])
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].rpartition("error: ")[2]


def test_output_that_is_an_input_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video, other = tmp_path / "clip.mp4", tmp_path / "clip.srt"
    for path in (video, other):
        path.write_text("precious")
    link, hard, folder = tmp_path / "link.mp4", tmp_path / "hard.mp4", tmp_path / "folder"
    link.symlink_to(video)
    hard.hardlink_to(video)
    folder.symlink_to(tmp_path)
    for name in (video, link, hard, folder / "clip.mp4", f"{tmp_path}/./clip.mp4"):
        says = refused(name, capsys, video=video, srt=other)
        assert says == "-o: this is the file of --video, which would be lost; name another"
    assert "--srt" in refused(other, capsys, video=video, srt=other)
    assert "--video" in refused(video, capsys, video=link, srt=other)
    assert (video.read_text(), other.read_text()) == ("precious", "precious")


def test_output_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, loop, locked = tmp_path / "pipe", tmp_path / "loop", tmp_path / "locked.mp4"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    locked.touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked)
    before = sorted(tmp_path.iterdir())
    for name, says in (
        (tmp_path, "this is a folder; add the name of a file"),
        ("", "this names a folder; add the name of a file"),
        (f"{tmp_path}/new/", "this names a folder; add the name of a file"),
        (tmp_path / "none" / "x.mp4", "there is no such folder"),
        (locked / "x.mp4", "there is no such folder"),
        ("/dev/null", "this is a device or a pipe; name a file"),
        (pipe, "this is a device or a pipe; name a file"),
        (locked, "this file is write-protected; name another"),
        (loop, "this is no name of a file"),
        (tmp_path / ("x" * 256), "this cannot be written: File name too long"),
        # Not even root may make a file there.
        ("/proc/self/x.mp4", "this cannot be written: "),
    ):
        assert refused(name, capsys).startswith(f"-o: {says}"), name
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_noticed_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> Path:
        made = path.with_name("trial")
        made.unlink(missing_ok=True)
        return made

    monkeypatch.setattr("gpu_worker.cli.output_file._beside", full)
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: real(Path("/dev/full"), "wb", buffering=0))
    assert refused(tmp_path / "x.mp4", capsys) == "-o: this cannot be written: No space left on device"


def test_older_output_is_replaced_through_its_link_and_keeps_its_mode(
    media: MediaFactory, srt: Path, tmp_path: Path
) -> None:
    real, link = tmp_path / "real" / "old.mp4", tmp_path / "link.mp4"
    real.parent.mkdir()
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    args = ("caption", "--srt", srt, "-o", link, "--video")
    failed = command(media, *args, srt)
    assert (failed.returncode, real.read_text()) == (1, "old")
    ended = command(media, *args, media.make_video("cli.mp4", 1))
    assert ended.returncode == 0, ended.stderr
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert media.probe(real).video is not None
    assert [path.name for path in real.parent.iterdir()] == ["old.mp4"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "term", "last"),
    [("80", "xterm", f"\r[{'#' * 25}] 100 %\n"), ("20", "xterm", "\r100 %\n"), ("80", "dumb", "\n100 %\n")],
)
def test_bar_ends_at_100_percent_and_never_goes_back(
    columns: str, term: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", term)
    out = Terminal()
    bar = ProgressBar(out)
    for done in (0.0, 0.5, 0.2, 1.0):
        bar.show("encode", done)
    assert "100" not in out.getvalue()
    bar.show("verify", 0.0)
    bar.finish()
    bar.close()
    shown = out.getvalue()
    assert shown.endswith(last)
    percents = [int(found) for found in re.findall(r"(\d+) %", shown)]
    assert percents == sorted(percents)
    assert shown.count("\n") == (1 if term == "xterm" else 3)


def test_reader_that_is_gone_does_not_undo_the_video(media: MediaFactory, srt: Path, tmp_path: Path) -> None:
    video = media.make_video("cli.mp4", 1)
    environ = {"PATH": os.environ["PATH"], "FFMPEG": media.ffmpeg, **run_environment()}
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
    """Heed signals that a shell in the background, or nohup, has all that it starts ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)


@pytest.mark.fault("I1")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing(media: MediaFactory, tmp_path: Path, number: signal.Signals) -> None:
    work, out = tmp_path / "work", tmp_path / "out" / "out.mp4"
    for folder in (work, out.parent):
        folder.mkdir()
    out.write_text("older")
    picture = media.make_circle("cli.png", (160, 90), 20)
    environ = {"PATH": os.environ["PATH"], "FFMPEG": media.ffmpeg, "WORK_DIR": str(work), **run_environment()}
    argv = [sys.executable, "-m", "gpu_worker", "img2vid", "--image", str(picture), "--duration", "60", "-o", str(out)]
    process = subprocess.Popen(argv, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
    while not list(work.glob("*/job/out.mp4")):
        assert process.poll() is None
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(number)
    # An impatient person's second and third one.
    process.send_signal(number)
    process.send_signal(number)
    _out, errors = process.communicate(timeout=60)
    # Not 0: it did not wait until the video was made.
    assert process.returncode == 128 + number
    assert errors.endswith("interrupted; nothing was written\n")
    assert "Traceback" not in errors
    assert not psutil.wait_procs(children, timeout=5)[1]
    assert list(work.iterdir()) == []
    assert [path.read_text() for path in out.parent.iterdir()] == ["older"]


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_the_result_is_copied_keeps_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, target = tmp_path / "made.mp4", tmp_path / "out.mp4"
    made.write_bytes(bytes(100))
    target.write_text("older")
    monkeypatch.setattr(output_file, "_CHUNK_BYTES", 10)

    async def interrupted() -> None:
        task = asyncio.create_task(output_file.deliver(made, target))
        for _ in range(3):
            await asyncio.sleep(0)
        assert sum(1 for _ in os.scandir(tmp_path)) == 3
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    assert target.read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("kind", OPERATIONS)
def test_help_has_ranges_defaults_exit_codes_and_an_example(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main([kind, "--help"])
    assert exited.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for field, info in OPERATIONS[kind].model_fields.items():
        if field.startswith("url_"):
            assert f"--{field.removeprefix('url_')} FILE" in shown
        elif field != "kind":
            options = shown.partition("options:")[2]
            described = options.partition(f"--{field.replace('_', '-')} ")[2].partition(" -")[0]
            if info.default is not None:
                assert f"default {str(info.default).removesuffix('.0')})" in described
            bounds = [getattr(rule, side) for rule in info.metadata for side in ("ge", "le") if hasattr(rule, side)]
            assert all(f"{bound:g}" in described for bound in bounds)
    assert "exit codes: 0" in shown
    # The example is itself a valid command line.
    example = shown.partition("example: python -m gpu_worker ")[2].partition(" exit codes")[0]
    assert parse(example.split())[1].operation.kind == kind


def test_command_line_refuses_ffmpeg_5_1_with_a_sentence(media: MediaFactory, tmp_path: Path, srt: Path) -> None:
    old = ROOT / "tests" / "support" / "ffmpeg_5_1" / "ffmpeg"
    environ = {"PATH": f"{old.parent}:{os.environ['PATH']}", "WORK_DIR": str(tmp_path), **run_environment()}
    argv = [
        sys.executable,
        "-m",
        "gpu_worker",
        "caption",
        "--video",
        str(media.make_video("cli.mp4", 1)),
        "--srt",
        str(srt),
    ]
    argv += ["-o", str(tmp_path / "out.mp4")]

    def ended(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, check=False, capture_output=True, text=True, cwd=ROOT, env=environ | more)

    refused = ended(FFMPEG=str(old))
    assert refused.returncode == 1
    assert refused.stderr.startswith("failed: ffmpeg 5.1.9-0+deb12u1 is too old")
    assert list(tmp_path.iterdir()) == []
    # On PATH it is passed over.
    assert ended().returncode == 0


def test_the_command_line_does_not_load_the_sdk(media: MediaFactory) -> None:
    late = {"runpod", "PIL", "charset_normalizer"}
    code = f"import sys, gpu_worker.cli, gpu_worker.handler; print({late} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert ended.stdout == "set()\n"
