"""Feed the frames of a still to ffmpeg: drawn a few ahead in threads, written in order."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gpu_worker.frames.resampler import Plane, open_resampler
from gpu_worker.plan.model import FrameSource
from gpu_worker.sandbox import safe_open

_PIPE_BYTES = 1024 * 1024
"""Linux' maximum for an unprivileged process. A frame is 3 MB: with the default 64 KiB both sides mostly wake up."""


def write_frames(source: FrameSource, directory: Path, threads: int, fd: int) -> None:
    """Draw every frame and write it to the pipe `fd`, then close it.

    Blocks, so run it in a thread. Returns early, without an error, when the reader has closed the pipe.
    """
    with open(fd, "wb", buffering=0) as pipe, contextlib.suppress(BrokenPipeError):
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        with contextlib.closing(_draw_frames(source, directory, threads)) as frames:
            for planes in frames:
                for plane in planes:
                    _write_all(pipe.fileno(), plane)


def _draw_frames(source: FrameSource, directory: Path, threads: int) -> Generator[Sequence[Plane], None, None]:
    draw = open_resampler(safe_open.read(directory / source.path), source)
    ahead: deque[Future[Sequence[Plane]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="frames")
    try:
        for index in range(source.frames):
            ahead.append(pool.submit(draw, index))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _write_all(fd: int, data: Plane) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
