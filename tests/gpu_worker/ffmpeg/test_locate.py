"""Find the ffmpeg to run, and warn of its version."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code, Failure
from gpu_worker.ffmpeg.locate import Build, FfmpegUnusableError, find_ffmpeg
from gpu_worker.handler import Worker, log_machine
from gpu_worker.pipeline.machine import MachineProbe
from gpu_worker.settings import Settings
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import MediaFactory
from tests.support.worker import handle

_ALL = "--enable-gpl --enable-libass --enable-libx264 --enable-libzimg"
_OLD = Path(__file__).resolve().parents[2] / "support" / "ffmpeg_5_1"


def version_output(name: str, libavcodec: str, flags: str = _ALL) -> str:
    """Return the output of `-version` of such a build."""
    return (
        f"ffmpeg version {name} Copyright (c) 2000-2026 the FFmpeg developers\nbuilt with gcc 14 (Debian)\n"
        f"configuration: --prefix=/usr {flags} --enable-libx265\nlibavutil      61.  1.102 / 61.  1.102\n"
        f"libavcodec     {libavcodec}\n"
    )


@pytest.mark.parametrize(
    ("name", "libavcodec"),
    [
        ("7.1.5-0+deb13u1", "61. 19.101 / 61. 19.101"),
        ("n7.1", "61. 19.100 / 61. 19.100"),
        ("8.0.1", "62. 11.100 / 62. 11.100"),
        ("n9.0.2-17-g2a571b6068-20260930", "63.  1.102 / 63.  1.102"),
        ("N-117000-g0123456789", "61. 20.100 / 61. 20.100"),
        ("2025-03-31-git-35c091f4b7-full_build-www.gyan.dev", "61. 33.102 / 61. 33.102"),
        # Compiled against an older library than the one it runs with.
        ("7.1", "61. 10.100 / 61. 19.101"),
    ],
)
def test_builds_from_7_1_to_9_0_are_used_without_a_warning(name: str, libavcodec: str) -> None:
    build = Build.parse(version_output(name, libavcodec))
    assert (build.name, build.refusal(), build.warnings()) == (name, None, ())


@pytest.mark.parametrize(
    ("name", "libavcodec"),
    [
        ("4.4.2-0ubuntu0.22.04.1", "58.134.100 / 58.134.100"),
        ("5.1.9-0+deb12u1", "59. 37.100 / 59. 37.100"),
        ("6.1.1-3ubuntu5", "60. 31.102 / 60. 31.102"),
        ("7.0.2-static", "61.  3.100 / 61.  3.100"),
        ("N-112233-gabcdef0123", "60. 27.100 / 60. 27.100"),
        ("2024-05-13-git-37db0454e4-full_build", "61.  5.104 / 61.  5.104"),
    ],
)
def test_builds_before_7_1_are_refused_by_name(name: str, libavcodec: str) -> None:
    assert str(Build.parse(version_output(name, libavcodec)).refusal()).startswith(f"ffmpeg {name} is too old")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (version_output("9.1", "63.  9.100 / 63.  9.100"), "ffmpeg 9.1 is newer than the tested versions, 7.1 to 9.0."),
        (
            version_output("N-130000-gabc", "64.  0.100 / 64.  0.100"),
            "ffmpeg N-130000-gabc is newer than the tested versions, 7.1 to 9.0.",
        ),
        ("", "The version of ffmpeg could not be read; tested are 7.1 to 9.0."),
        ("ffmpeg version 7.1\n", "The version of ffmpeg could not be read; tested are 7.1 to 9.0."),
    ],
)
def test_other_builds_are_used_with_a_warning(text: str, warning: str) -> None:
    build = Build.parse(text)
    assert (build.refusal(), build.warnings()) == (None, (warning,))


def test_builds_without_a_needed_library_are_refused() -> None:
    free = version_output("8.0", "62. 11.100 / 62. 11.100", "--enable-libass --enable-libopenh264")
    assert str(Build.parse(free).refusal()).startswith("ffmpeg 8.0 was built without libx264 and libzimg.")


def test_search_order_is_setting_then_wheel_then_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "bin" / "mine"
    mine.parent.mkdir()
    mine.write_text("#!/bin/sh\n")
    for wrong in (mine, tmp_path / "none", tmp_path):
        with pytest.raises(FfmpegUnusableError) as unusable:
            find_ffmpeg(str(wrong))
        assert unusable.value.reason.startswith("FFMPEG names no program that can be started.")
        assert unusable.value.failure.code == Code.INTERNAL
    mine.chmod(0o755)
    assert find_ffmpeg(str(mine)).path == find_ffmpeg("bin/mine").path == str(mine)
    monkeypatch.setenv("PATH", f"{mine.parent}:{os.environ['PATH']}")
    mine.rename(mine.with_name("ffmpeg"))
    # The wheel's own search would return this one.
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(mine))
    assert "imageio_ffmpeg" in find_ffmpeg(None).path
    monkeypatch.setattr(sys, "path", [])
    assert find_ffmpeg(None).path == str(mine.with_name("ffmpeg"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FfmpegUnusableError, match="unexpected"):
        find_ffmpeg(None)


def test_ffmpeg_5_1_is_skipped_on_path_and_refused_as_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{_OLD}:{os.environ['PATH']}")
    assert "imageio_ffmpeg" in find_ffmpeg(None).path
    with pytest.raises(FfmpegUnusableError) as unusable:
        find_ffmpeg("ffmpeg")
    assert unusable.value.reason.startswith("ffmpeg 5.1.9-0+deb12u1 is too old")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(FfmpegUnusableError):
        find_ffmpeg(None)


def write_newer_ffmpeg(media: MediaFactory, folder: Path) -> str:
    """The tested ffmpeg under the name of one that is not."""
    program = folder / "ffmpeg"
    text = version_output("99.0", "99.  0.100 / 99.  0.100")
    program.write_text(f'#!/bin/sh\n[ "$*" = -version ] && exec printf "{text}"\nexec "{media.ffmpeg}" "$@"\n')
    program.chmod(0o755)
    return str(program)


def test_untested_version_is_logged_and_reported(
    media: MediaFactory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ffmpeg = write_newer_ffmpeg(media, tmp_path)
    with caplog.at_level(logging.INFO, "gpu_worker"):
        for path in (ffmpeg, media.ffmpeg, str(_OLD / "ffmpeg")):
            asyncio.run(log_machine(MachineProbe(path)))
    events = [json.loads(message) for message in caplog.messages]
    found = [event for event in events if event["event"].startswith("ffmpeg_")]
    assert [event["event"] for event in found] == ["ffmpeg_untested", "ffmpeg_found", "ffmpeg_unusable"]
    assert found[0]["version"] == "99.0"
    worker = Worker(Settings(), MachineProbe(ffmpeg))
    warnings = asyncio.run(worker.handle({"input": {"check": True}}))["warnings"]
    assert "ffmpeg 99.0 is newer than the tested versions, 7.1 to 9.0." in warnings


def test_jobs_warn_of_untested_versions_and_fail_with_old_ones(
    media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    monkeypatch.setenv("FFMPEG", write_newer_ffmpeg(media, tmp_path))
    network = FakeNetwork(files={"photo.png": media.make_circle("cli.png", (160, 90), 20)})
    operation = {"kind": "img2vid", "url_image": "photo.png", "duration": 0.1, "frame_rate": 10, "size": "64x64"}

    async def work() -> dict[str, Any]:
        async with network.open():
            return await handle(network.job(operation))

    assert "error" not in asyncio.run(work())
    assert "ffmpeg 99.0 is newer than the tested versions, 7.1 to 9.0." in network.manifest().execution.warnings
    monkeypatch.setenv("FFMPEG", str(_OLD / "ffmpeg"))
    failure = Failure.parse(asyncio.run(work())["error"])
    assert failure is not None
    assert failure.code == Code.INTERNAL
