"""Running programs: what is left of them afterwards, and how fast."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.sandbox.output import LogTail
from tests.support.media.factory import MediaFactory

ROOT = Path(__file__).resolve().parents[3]
SOON = 20.0
"""Seconds: much for a busy machine, and far from the minute that the programs here would take by themselves."""
ENDLESS = ("-f", "lavfi", "-re", "-i", "testsrc=s=64x64:r=5", "-f", "null", "-")


def stub(tmp_path: Path, script: str) -> Ffmpeg:
    path = tmp_path / "ffmpeg-stub"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Ffmpeg(str(path))


def living_in(directory: Path) -> list[int]:
    """Processes whose working directory is this one: whatever a run may have left behind."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == directory and (process / "stat").read_text().split()[2] != "Z":
                found.append(int(process.name))
        except OSError:
            continue
    return found


def running(program: str, directory: Path) -> bool:
    """True once a process there has become the program."""
    for number in living_in(directory):
        try:
            if Path(f"/proc/{number}/exe").readlink().samefile(program):
                return True
        except OSError:
            continue
    return False


async def cancel_after_start(program: Ffmpeg, directory: Path) -> float:
    task = asyncio.create_task(run_ffmpeg(program, ENDLESS, directory))
    while not living_in(directory):  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - started


def test_a_cancelled_run_is_gone_at_once(media: MediaFactory, tmp_path: Path) -> None:
    assert asyncio.run(cancel_after_start(media.sandboxed_ffmpeg, tmp_path)) < SOON
    assert living_in(tmp_path) == []


@pytest.mark.fault("G11")
def test_a_program_that_ignores_the_polite_signal_is_killed_with_its_children(tmp_path: Path) -> None:
    program = stub(tmp_path, "trap '' TERM\nsleep 60 &\nwhile true; do sleep 1; done\n")
    directory = tmp_path / "job"
    directory.mkdir()
    assert asyncio.run(cancel_after_start(program, directory)) < SOON
    assert living_in(directory) == []


def test_a_second_cancellation_does_not_cut_the_killing_short(tmp_path: Path) -> None:
    program = stub(tmp_path, "trap '' TERM\nwhile true; do sleep 1; done\n")
    directory = tmp_path / "job"
    directory.mkdir()

    async def scenario() -> list[int]:
        task = asyncio.create_task(run_ffmpeg(program, ENDLESS, directory))
        while not living_in(directory):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.02)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await task
        return living_in(directory)

    assert asyncio.run(scenario()) == []


@pytest.mark.fault("G10")
def test_a_run_ends_at_its_timeout(tmp_path: Path) -> None:
    program = stub(tmp_path, "trap '' TERM\nsleep 60\n")
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(run_ffmpeg(program, (), tmp_path, timeout=0.3))
    assert time.monotonic() - started < SOON
    assert living_in(tmp_path) == []


@pytest.mark.fault("G11")
def test_a_child_left_behind_by_a_good_run_is_ended_too(tmp_path: Path) -> None:
    program = stub(tmp_path, "sleep 60 >/dev/null 2>&1 &\nexit 0\n")
    asyncio.run(run_ffmpeg(program, (), tmp_path))
    assert living_in(tmp_path) == []


@pytest.mark.fault("G14")
def test_a_failed_run_keeps_the_end_of_a_long_log(tmp_path: Path) -> None:
    program = stub(tmp_path, "i=0; while [ $i -lt 20000 ]; do echo 'noise noise noise' >&2; i=$((i+1)); done\n"
                             "echo 'the reason' >&2; exit 3\n")  # fmt: skip
    with pytest.raises(FfmpegError) as failure:
        asyncio.run(run_ffmpeg(program, (), tmp_path))
    assert failure.value.code == 3
    assert failure.value.log.endswith("the reason\n")
    assert len(failure.value.log) <= 64 * 1024
    assert not failure.value.out_of_resources


def test_a_full_disk_is_told_from_a_bad_file(tmp_path: Path) -> None:
    program = stub(tmp_path, "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1\n")
    with pytest.raises(FfmpegError) as failure:
        asyncio.run(run_ffmpeg(program, (), tmp_path))
    assert failure.value.out_of_resources


@pytest.mark.fault("I14")
def test_the_environment_stays_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_AI_API_KEY", "s3cret")
    asyncio.run(run_ffmpeg(stub(tmp_path, "env > seen\n"), (), tmp_path))
    names = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert names <= {"PWD", "OLDPWD", "SHLVL", "_"}  # the shell's own


def test_progress_is_seconds_written(media: MediaFactory, tmp_path: Path) -> None:
    seen: list[float] = []
    args = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=3", "-f", "null", "-")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, args, tmp_path, on_progress=seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(3.0, abs=0.05)


def test_frames_are_fed_and_a_reader_that_gives_up_is_no_deadlock(media: MediaFactory, tmp_path: Path) -> None:
    ends: list[str] = []

    def feed(fd: int) -> None:
        try:
            for _ in range(500):
                os.write(fd, bytes(64 * 64 * 3 // 2))
        except BrokenPipeError:
            ends.append("told")
        os.close(fd)

    raw = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", "64x64", "-i", "pipe:0")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, (*raw, "-frames:v", "5", "-f", "null", "-"), tmp_path, feed=feed))
    with pytest.raises(FfmpegError):
        asyncio.run(
            run_ffmpeg(media.sandboxed_ffmpeg, (*raw, "-c:v", "nonsense", "-f", "null", "-"), tmp_path, feed=feed)
        )
    assert ends == ["told", "told"]


def test_an_error_while_drawing_ends_the_run(media: MediaFactory, tmp_path: Path) -> None:
    def feed(fd: int) -> None:
        os.write(fd, bytes(64 * 64 * 3 // 2))
        os.close(fd)
        raise MemoryError

    raw = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", "64x64", "-i", "pipe:0", "-f", "null", "-")
    with pytest.raises(MemoryError):
        asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, raw, tmp_path, feed=feed))
    assert living_in(tmp_path) == []


@pytest.mark.fault("I2")
@pytest.mark.skipif(not os.path.exists("/usr/bin/setpriv"), reason="no setpriv")  # noqa: PTH110
def test_a_killed_worker_takes_its_ffmpeg_with_it(ffmpeg: str, tmp_path: Path) -> None:
    code = (
        "import asyncio,sys,pathlib\n"
        "from gpu_worker.ffmpeg.run import run_ffmpeg\nfrom gpu_worker.ffmpeg.locate import Ffmpeg\n"
        f"asyncio.run(run_ffmpeg(Ffmpeg({ffmpeg!r}), {ENDLESS!r}, pathlib.Path({str(tmp_path)!r})))\n"
    )

    async def work() -> None:
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
        # Until the box has tied it to the worker, which takes it milliseconds, nothing would.
        while not running(ffmpeg, tmp_path):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)
        worker.kill()
        await worker.wait()
        ends = time.monotonic() + SOON
        while living_in(tmp_path) and time.monotonic() < ends:  # noqa: ASYNC110 - the kernel decides
            await asyncio.sleep(0.05)

    asyncio.run(work())
    assert living_in(tmp_path) == []


@pytest.mark.fault("G14")
def test_a_tail_is_bounded() -> None:
    tail = LogTail(10)
    for _ in range(1000):
        tail.add(b"abcdef")
    tail.add(b"the end")
    assert tail.text == "defthe end"
