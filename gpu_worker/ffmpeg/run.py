"""Running ffmpeg: in its box and its own process group, with no environment, watched, and gone when it must be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from gpu_worker.concurrency import run_all, shield
from gpu_worker.sandbox.command import sandboxed_argv
from gpu_worker.sandbox.memory import kill_if_over_memory, working_bytes
from gpu_worker.sandbox.process_tree import PROCESSES

GRACE_SECONDS = 0.5
"""Between SIGTERM and SIGKILL. The output is thrown away anyway, so ffmpeg needs no time to finish it."""

_ROUNDS, _ROUND_SECONDS = 50, 0.02

_TAIL_BYTES = 64 * 1024
_PIPE_LIMIT = 1024 * 1024
ENVIRONMENT: Mapping[str, str] = {}
"""What reads strangers' files learns nothing of ours: no key, no path, no proxy."""

NOT_STARTED = frozenset({126, 127})
"""Exit codes of the box's tools if they cannot become the program; ffmpeg has no such codes."""

Progress = Callable[[float], None]
"""Called with the seconds of output written so far."""

Feed = Callable[[int], None]
"""Writes ffmpeg's stdin to a descriptor that it closes. Runs in a thread; ends when nobody reads any more."""


class RunFailed(Exception):
    """ffmpeg ended with an error. `log` is the end of its stderr: for judging here, never to be shown."""

    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"ffmpeg ended with {code}")
        self.code = code
        self.log = log

    @property
    def out_of_resources(self) -> bool:
        """True if the machine, not the media, was the reason."""
        words = ("No space left on device", "Cannot allocate memory", "Disk quota exceeded", "File too large")
        ended = {-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ}
        return self.code in ended or any(word in self.log for word in words)


class MemoryLimitExceeded(Exception):
    """A program was killed because it took more memory than it may."""


class LogTail:
    """The last bytes of a stream, however long it runs."""

    def __init__(self, limit: int = _TAIL_BYTES) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        self._bytes += data
        if len(self._bytes) > 2 * self._limit:
            del self._bytes[: -self._limit]

    @property
    def text(self) -> str:
        return self._bytes[-self._limit :].decode("utf-8", "replace")


@contextlib.asynccontextmanager
async def sandboxed_process(
    argv: Sequence[str],
    cwd: Path,
    *,
    stdin: int = asyncio.subprocess.DEVNULL,
    memory: int | None = None,
    seconds: float | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a program in `cwd`, in its box and a session of its own; on leaving the block all that came of it is gone.

    stdout and stderr are pipes that the caller must read; stdin is the descriptor given, or empty.
    A program that takes more than `memory` bytes is killed, and leaving the block raises Outgrown. One that takes more
    than `seconds` of every processor is killed by the kernel; the caller has to bound the time on the clock.
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *sandboxed_argv(argv, cwd, seconds),
            cwd=cwd,
            env=ENVIRONMENT,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_PIPE_LIMIT,
            start_new_session=True,
        )
    )
    watching: asyncio.Task[bool] | None = None
    try:
        # To its end even if cancelled: asyncio would end the program alone, and it may have children by now.
        with PROCESSES.starting():
            await shield(starting)
            PROCESSES.register(starting.result().pid)
        watching = asyncio.create_task(
            kill_if_over_memory(starting.result(), working_bytes() if memory is None else memory)
        )
        yield starting.result()
    finally:
        if watching is not None:
            watching.cancel()
        if starting.exception() is None:
            await shield(_end(starting.result()))
    if watching.done() and not watching.cancelled() and watching.result():
        raise MemoryLimitExceeded


@contextlib.asynccontextmanager
async def _fed(feed: Feed | None) -> AsyncIterator[int]:
    """What a program's stdin should be: empty, or a pipe that `feed` writes to until the block is left."""
    if feed is None:
        yield asyncio.subprocess.DEVNULL
        return
    read_end, write_end = os.pipe()
    writing = asyncio.create_task(asyncio.to_thread(feed, write_end))
    try:
        yield read_end
    finally:
        # With its last reader gone, a writer that still waits is told so and ends.
        os.close(read_end)
        await shield(writing)


async def run_ffmpeg(
    ffmpeg: str,
    args: Sequence[str],
    cwd: Path,
    *,
    on_progress: Progress | None = None,
    feed: Feed | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - the kill belongs to the run
    memory: int | None = None,
) -> str:
    """Run ffmpeg to its end. Returns the end of its log.

    Raises RunFailed on a non-zero exit, TimeoutError after `timeout` seconds and Outgrown beyond
    `memory` bytes; whatever the way out, no process of the run is left.
    """
    # Verbose, because only then does ffmpeg log what its decoders did.
    argv = [ffmpeg, "-hide_banner", "-nostats", "-nostdin", "-loglevel", "verbose", "-progress", "pipe:1", *args]
    tail = LogTail()
    async with (
        asyncio.timeout(timeout),
        _fed(feed) as stdin,
        sandboxed_process(argv, cwd, stdin=stdin, memory=memory, seconds=timeout) as process,
    ):
        await run_all(_read_progress(process.stdout, on_progress), _read_log(process.stderr, tail))
        code = await process.wait()
    if code != 0:
        raise RunFailed(code, tail.text)
    return tail.text


async def read_lines(stream: asyncio.StreamReader | None, take: Callable[[bytes], None]) -> None:
    """Pass each line on, without its end. What exceeds 64 KiB of a line is dropped: metadata may be endless."""
    rest = b""
    while stream is not None and (data := await stream.read(256 * 1024)):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            take(line)
        rest = rest[:_TAIL_BYTES]
    if rest:
        take(rest)


async def _read_progress(stream: asyncio.StreamReader | None, on_progress: Progress | None) -> None:
    def take(line: bytes) -> None:
        key, _, value = line.partition(b"=")
        if key == b"out_time_us" and on_progress is not None and value.strip().isdigit():
            on_progress(int(value) / 1e6)

    await read_lines(stream, take)


async def _read_log(stream: asyncio.StreamReader | None, tail: LogTail) -> None:
    while stream is not None and (data := await stream.read(16 * 1024)):
        tail.add(data)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Make sure that nothing of the run is left."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    # Also after a normal end: a child it left behind would go on in the job's directory.
    left = PROCESSES.kill(process.pid)
    await process.wait()
    for _ in range(_ROUNDS):
        if not left:
            break
        # Whom a process has started while it was being killed is seen in the next round.
        await asyncio.sleep(_ROUND_SECONDS)
        left = PROCESSES.kill(process.pid)
    PROCESSES.unregister(process.pid)
