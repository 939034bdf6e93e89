"""Feed the frames of a clip to ffmpeg: drawn a few ahead in threads, written in order."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gpu_worker.frames.pipe import FramePipe
from gpu_worker.frames.resampler import Plane
from gpu_worker.frames.scenes import list_drawings
from gpu_worker.plan.frame_source import FrameSource


def write_frames(source: FrameSource, directory: Path, threads: int, fd: int) -> None:
    """Draw every frame and write it to the pipe `fd`, then close it. The canvases are in `directory`.

    Blocks, so run it in a thread. Returns early, without an error, when the reader has closed the pipe. Raises OSError
    if a canvas cannot be read.
    """
    with open(fd, "wb", buffering=0) as pipe, contextlib.suppress(BrokenPipeError):
        width, height = source.size
        target = FramePipe(pipe.fileno(), source.frames, width * height * 3 // 2)
        with contextlib.closing(draw_frames(source, directory, threads)) as frames:
            for planes in frames:
                target.write(planes)


def draw_frames(source: FrameSource, directory: Path, threads: int) -> Generator[Sequence[Plane], None, None]:
    """Yield the planes of each frame in order, drawn ahead in `threads` threads. Raises OSError."""
    ahead: deque[Future[Sequence[Plane]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="frames")
    try:
        for draw in list_drawings(source, directory):
            ahead.append(pool.submit(draw))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
