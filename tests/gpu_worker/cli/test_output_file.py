"""The output file of the command line."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.operations.thumbnail import Thumbnail
from gpu_worker.cli.main import main
from gpu_worker.cli.output_file import OutputRefusedError, check_outputs, deliver
from tests.support.examples import SIDECAR_CAPTION
from tests.support.media.factory import MediaFactory

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def refuse(name: str | Path, capsys: pytest.CaptureFixture[str], **inputs: str | Path) -> str:
    """Return the reason why an output is refused before any work. `sidecar` is not an input."""
    files = {"video": __file__, "srt": __file__} | inputs
    sidecar = ["--sidecar", str(files.pop("sidecar"))] if "sidecar" in files else []
    with pytest.raises(SystemExit) as exited:
        main(["caption", "--video", str(files["video"]), "--srt", str(files["srt"]), *sidecar, "-o", str(name)])
    assert exited.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].rpartition("error: ")[2]


def test_an_input_as_output_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video, other = tmp_path / "clip.mp4", tmp_path / "clip.srt"
    for path in (video, other):
        path.write_text("precious")
    link, hard, folder = tmp_path / "link.mp4", tmp_path / "hard.mp4", tmp_path / "folder"
    link.symlink_to(video)
    hard.hardlink_to(video)
    folder.symlink_to(tmp_path)
    for name in (video, link, hard, folder / "clip.mp4", f"{tmp_path}/./clip.mp4"):
        says = refuse(name, capsys, video=video, srt=other)
        assert says == "-o: this is the file of --video, which would be lost; name another"
    assert "--srt" in refuse(other, capsys, video=video, srt=other)
    assert "--video" in refuse(video, capsys, video=link, srt=other)
    assert (video.read_text(), other.read_text()) == ("precious", "precious")


def test_every_output_is_checked_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    captions, locked = tmp_path / "voice.srt", tmp_path / "locked.vtt"
    captions.write_text("precious")
    locked.touch()
    (tmp_path / "folder.vtt").mkdir()
    (tmp_path / "same.ass").symlink_to(tmp_path / "same.mp4")
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked)
    before = sorted(tmp_path.iterdir())
    for name, sidecar, says in (
        (
            "voice.mp4",
            "srt",
            f"{captions} is also written: this is the file of --srt, which would be lost; name another",
        ),
        ("locked.mp4", "srt,vtt", f"{locked} is also written: this file is write-protected; name another"),
        ("folder.mp4", "vtt", f"{tmp_path}/folder.vtt is also written: this is a folder; add the name of a file"),
        (
            "same.mp4",
            "ass",
            f"{tmp_path}/same.ass is also written: this is the same file as another output; name another",
        ),
        ("voice.srt", "srt", "this is the file of --srt, which would be lost; name another"),
        ("", "srt", "this names a folder; add the name of a file"),
    ):
        output = tmp_path / name if name else ""
        assert refuse(output, capsys, srt=captions, sidecar=sidecar) == f"-o: {says}"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.mp4", {"output.mp4": "a.mp4", "captions.srt": "a.srt", "captions.vtt": "a.vtt"}),
        ("a.VTT", {"captions.vtt": "a.VTT", "output.mp4": "a.mp4", "captions.srt": "a.srt"}),
        ("a.b.mov", {"output.mp4": "a.b.mov", "captions.srt": "a.b.srt", "captions.vtt": "a.b.vtt"}),
        ("a", {"output.mp4": "a", "captions.srt": "a.srt", "captions.vtt": "a.vtt"}),
    ],
)
def test_option_names_the_file_with_its_ending(tmp_path: Path, name: str, files: dict[str, str]) -> None:
    artifacts = SIDECAR_CAPTION.artifacts()
    found = check_outputs(str(tmp_path / name), artifacts, {})
    assert list(found.items()) == [(artifact, tmp_path / file) for artifact, file in files.items()]


def test_an_unwritable_output_is_refused_before_any_work(
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
        (tmp_path / "none" / "x.mp4", "there is no such folder; create it first"),
        (locked / "x.mp4", "there is no such folder; create it first"),
        ("/dev/null", "this is a device or a pipe; name a file"),
        (pipe, "this is a device or a pipe; name a file"),
        (locked, "this file is write-protected; name another"),
        (loop, "this is not a valid filename"),
        (tmp_path / ("x" * 256), "this cannot be written: File name too long"),
        # Not even root may make a file there.
        ("/proc/self/x.mp4", "this cannot be written: "),
    ):
        assert refuse(name, capsys).startswith(f"-o: {says}"), name
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_detected_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: real(Path("/dev/full"), "wb", buffering=0))
    assert refuse(tmp_path / "x.mp4", capsys) == "-o: this cannot be written: No space left on device"


def test_an_older_output_is_replaced_and_keeps_its_link_and_mode(
    media: MediaFactory, command: Command, srt: Path, tmp_path: Path
) -> None:
    real, link = tmp_path / "real" / "old.mp4", tmp_path / "link.mp4"
    real.parent.mkdir()
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    args = ("caption", "--srt", srt, "-o", link, "--video")
    failed = command(*args, srt)
    assert (failed.returncode, real.read_text()) == (1, "old")
    result = command(*args, media.make_video("cli.mp4", 1))
    assert result.returncode == 0, result.stderr
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert media.probe(real).video is not None
    assert [path.name for path in real.parent.iterdir()] == ["old.mp4"]


def test_a_cancelled_copy_keeps_the_older_output(tmp_path: Path) -> None:
    video, target = tmp_path / "video.mp4", tmp_path / "out.mp4"
    video.write_bytes(bytes(100))
    target.write_text("older")

    async def interrupted() -> None:
        task = asyncio.create_task(deliver({target: video}, chunk_bytes=10))
        for _ in range(3):
            await asyncio.sleep(0)
        assert sum(1 for _ in os.scandir(tmp_path)) == 3
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    assert target.read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "request_", "files"),
    [
        ("a.jpg", {"count": 3}, ["a_1.jpg", "a_2.jpg", "a_3.jpg"]),
        ("a.b.JPG", {"count": 2}, ["a.b_1.JPG", "a.b_2.JPG"]),
        ("a", {"count": 2}, ["a_1", "a_2"]),
        ("a.jpg", {}, ["a.jpg"]),
        ("a.vtt", {"count": 2, "sprite": True}, ["a.vtt", "a.jpg"]),
    ],
)
def test_files_with_one_ending_are_numbered(
    tmp_path: Path, name: str, request_: dict[str, object], files: list[str]
) -> None:
    artifacts = Thumbnail.model_validate({"url_video": "https://a.example/v.mp4", **request_}).artifacts()
    found = check_outputs(str(tmp_path / name), artifacts, {})
    assert list(found.values()) == [tmp_path / file for file in files]
    assert set(found) == {artifact.name for artifact in artifacts}


def test_numbered_files_never_replace_an_input(tmp_path: Path) -> None:
    video = tmp_path / "a_2.jpg"
    video.write_text("precious")
    artifacts = Thumbnail(url_video="https://a.example/v.mp4", count=2).artifacts()
    with pytest.raises(OutputRefusedError, match=r"a_2\.jpg is also written: this is the file of --video"):
        check_outputs(str(tmp_path / "a.jpg"), artifacts, {video: "--video"})
