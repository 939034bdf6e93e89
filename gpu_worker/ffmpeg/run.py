"""Run ffmpeg in the sandbox: report its progress, feed its stdin, and keep the end of its log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from gpu_worker.concurrency import run_all, shield
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.sandbox.output import LogTail, read_lines, read_tail
from gpu_worker.sandbox.process import sandboxed_process

OnProgress = Callable[[float], None]
"""Called with the seconds of output written so far."""

Feed = Callable[[int], None]
"""Writes ffmpeg's stdin to a descriptor, which it closes. Runs in a thread; returns when ffmpeg stops reading."""


class FfmpegError(Exception):
    """ffmpeg exited with an error. `log` is the end of its stderr: input for our decisions, never shown to a client."""

    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"ffmpeg exited with {code}")
        self.code = code
        self.log = log

    @property
    def is_out_of_resources(self) -> bool:
        """True if the machine, not the media, was the reason."""
        phrases = ("No space left on device", "Cannot allocate memory", "Disk quota exceeded", "File too large")
        killed = {-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ}
        return self.code in killed or any(phrase in self.log for phrase in phrases)


async def run_ffmpeg(
    ffmpeg: Ffmpeg,
    args: Sequence[str],
    cwd: Path,
    *,
    on_progress: OnProgress | None = None,
    feed: Feed | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - the kill belongs to the run
    memory: int | None = None,
) -> str:
    """Run ffmpeg until it exits. Returns the end of its log.

    Raises FfmpegError on a non-zero exit code, TimeoutError after `timeout` seconds and MemoryLimitExceeded above
    `memory` bytes. In every case, cancellation included, no process of the run is left.
    """
    # Verbose, because only then does ffmpeg log what its decoders did.
    argv = [ffmpeg.path, "-hide_banner", "-nostats", "-nostdin", "-loglevel", "verbose", "-progress", "pipe:1", *args]
    tail = LogTail()
    async with (
        asyncio.timeout(timeout),
        _feed_stdin(feed) as stdin,
        sandboxed_process(ffmpeg.sandbox, argv, cwd, stdin=stdin, memory=memory, seconds=timeout) as process,
    ):
        await run_all(_read_progress(process.stdout, on_progress), read_tail(process.stderr, tail))
        code = await process.wait()
    if code != 0:
        raise FfmpegError(code, tail.text)
    return tail.text


@contextlib.asynccontextmanager
async def _feed_stdin(feed: Feed | None) -> AsyncIterator[int]:
    """Yield the descriptor for a program's stdin: empty, or a pipe that `feed` writes to until the block exits."""
    if feed is None:
        yield asyncio.subprocess.DEVNULL
        return
    read_end, write_end = os.pipe()
    writing = asyncio.create_task(asyncio.to_thread(feed, write_end))
    try:
        yield read_end
    finally:
        # Closing the last read end makes a blocked writer fail with EPIPE.
        os.close(read_end)
        await shield(writing)


async def _read_progress(stream: asyncio.StreamReader | None, on_progress: OnProgress | None) -> None:
    def take_line(line: bytes) -> None:
        key, _, value = line.partition(b"=")
        if key == b"out_time_us" and on_progress is not None and value.strip().isdigit():
            on_progress(int(value) / 1e6)

    await read_lines(stream, take_line)
