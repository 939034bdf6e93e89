"""Run ffmpeg: its progress, log and stdin, and how its processes end."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.sandbox.output import LogTail
from tests.support.media.factory import MediaFactory
from tests.support.processes import is_running, processes_below
from tests.support.programs import write_ffmpeg

ROOT = Path(__file__).resolve().parents[3]
SOON = 20.0
"""Seconds: enough on a busy machine, and far less than the minute for which the programs here would run."""
ENDLESS = ("-f", "lavfi", "-re", "-i", "testsrc=s=64x64:r=5", "-f", "null", "-")


def stub(folder: Path, script: str) -> Ffmpeg:
    return Ffmpeg(write_ffmpeg(folder, script))


async def cancel_after_start(program: Ffmpeg, directory: Path) -> float:
    task = asyncio.create_task(run_ffmpeg(program, ENDLESS, directory))
    while not processes_below(directory):  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - started


def test_cancelled_run_ends_at_once(media: MediaFactory, tmp_path: Path) -> None:
    assert asyncio.run(cancel_after_start(media.sandboxed_ffmpeg, tmp_path)) < SOON
    assert processes_below(tmp_path) == []


@pytest.mark.fault("G11")
def test_program_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    program = stub(tmp_path, "trap '' TERM\nsleep 60 &\nwhile true; do sleep 1; done\n")
    directory = tmp_path / "job"
    directory.mkdir()
    assert asyncio.run(cancel_after_start(program, directory)) < SOON
    assert processes_below(directory) == []


def test_repeated_cancellation_does_not_interrupt_the_kill(tmp_path: Path) -> None:
    program = stub(tmp_path, "trap '' TERM\nwhile true; do sleep 1; done\n")
    directory = tmp_path / "job"
    directory.mkdir()

    async def scenario() -> list[int]:
        task = asyncio.create_task(run_ffmpeg(program, ENDLESS, directory))
        while not processes_below(directory):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.02)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await task
        return processes_below(directory)

    assert asyncio.run(scenario()) == []


@pytest.mark.fault("G10")
def test_run_ends_at_its_timeout(tmp_path: Path) -> None:
    program = stub(tmp_path, "trap '' TERM\nsleep 60\n")
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(run_ffmpeg(program, (), tmp_path, timeout=0.3))
    assert time.monotonic() - started < SOON
    assert processes_below(tmp_path) == []


@pytest.mark.fault("G11")
def test_child_left_by_a_successful_run_is_killed(tmp_path: Path) -> None:
    program = stub(tmp_path, "sleep 60 >/dev/null 2>&1 &\nexit 0\n")
    asyncio.run(run_ffmpeg(program, (), tmp_path))
    assert processes_below(tmp_path) == []


@pytest.mark.fault("G14")
def test_failed_run_keeps_the_end_of_a_long_log(tmp_path: Path) -> None:
    program = stub(tmp_path, "i=0; while [ $i -lt 20000 ]; do echo 'noise noise noise' >&2; i=$((i+1)); done\n"
                             "echo 'the reason' >&2; exit 3\n")  # fmt: skip
    with pytest.raises(FfmpegError) as failure:
        asyncio.run(run_ffmpeg(program, (), tmp_path))
    assert failure.value.code == 3
    assert failure.value.log.endswith("the reason\n")
    assert len(failure.value.log) <= 64 * 1024
    assert not failure.value.is_out_of_resources


def test_full_disk_is_distinguished_from_a_bad_file(tmp_path: Path) -> None:
    program = stub(tmp_path, "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1\n")
    with pytest.raises(FfmpegError) as failure:
        asyncio.run(run_ffmpeg(program, (), tmp_path))
    assert failure.value.is_out_of_resources


@pytest.mark.fault("I14")
def test_programs_do_not_inherit_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_AI_API_KEY", "s3cret")
    asyncio.run(run_ffmpeg(stub(tmp_path, "env > seen\n"), (), tmp_path))
    names = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert names <= {"PWD", "OLDPWD", "SHLVL", "_"}  # set by the shell itself


def test_progress_is_seconds_written(media: MediaFactory, tmp_path: Path) -> None:
    seen: list[float] = []
    args = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=3", "-f", "null", "-")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, args, tmp_path, on_progress=seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(3.0, abs=0.05)


def test_feed_ends_when_ffmpeg_stops_reading(media: MediaFactory, tmp_path: Path) -> None:
    ends: list[str] = []

    def feed(fd: int) -> None:
        try:
            for _ in range(500):
                os.write(fd, bytes(64 * 64 * 3 // 2))
        except BrokenPipeError:
            ends.append("broken pipe")
        os.close(fd)

    raw = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", "64x64", "-i", "pipe:0")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, (*raw, "-frames:v", "5", "-f", "null", "-"), tmp_path, feed=feed))
    with pytest.raises(FfmpegError):
        asyncio.run(
            run_ffmpeg(media.sandboxed_ffmpeg, (*raw, "-c:v", "nonsense", "-f", "null", "-"), tmp_path, feed=feed)
        )
    assert ends == ["broken pipe", "broken pipe"]


def test_error_in_the_feed_ends_the_run(media: MediaFactory, tmp_path: Path) -> None:
    def feed(fd: int) -> None:
        os.write(fd, bytes(64 * 64 * 3 // 2))
        os.close(fd)
        raise MemoryError

    raw = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", "64x64", "-i", "pipe:0", "-f", "null", "-")
    with pytest.raises(MemoryError):
        asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, raw, tmp_path, feed=feed))
    assert processes_below(tmp_path) == []


@pytest.mark.fault("I2")
@pytest.mark.skipif(not os.path.exists("/usr/bin/setpriv"), reason="no setpriv")  # noqa: PTH110
def test_killed_worker_takes_its_ffmpeg_with_it(ffmpeg: str, tmp_path: Path) -> None:
    code = (
        "import asyncio,sys,pathlib\n"
        "from gpu_worker.ffmpeg.run import run_ffmpeg\nfrom gpu_worker.ffmpeg.locate import Ffmpeg\n"
        f"asyncio.run(run_ffmpeg(Ffmpeg({ffmpeg!r}), {ENDLESS!r}, pathlib.Path({str(tmp_path)!r})))\n"
    )

    async def work() -> None:
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
        # It dies with the worker only after setpriv has started it, which takes milliseconds.
        while not is_running(ffmpeg, tmp_path):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)
        worker.kill()
        await worker.wait()
        ends = time.monotonic() + SOON
        while processes_below(tmp_path) and time.monotonic() < ends:  # noqa: ASYNC110 - the kernel decides
            await asyncio.sleep(0.05)

    asyncio.run(work())
    assert processes_below(tmp_path) == []


@pytest.mark.fault("G14")
def test_log_tail_is_bounded() -> None:
    tail = LogTail(10)
    for _ in range(1000):
        tail.add(b"abcdef")
    tail.add(b"the end")
    assert tail.text == "defthe end"
