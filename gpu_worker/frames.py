"""Frames of a zooming still, resampled at exact sub-pixel positions.

ffmpeg's own zoom filter places its window on whole pixels, which is seen as trembling. Pillow's
`resize` takes a box of real numbers; it works plane by plane here, in the encoder's own format,
so that no colour conversion happens per frame.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gpu_worker.plan.camera import view
from gpu_worker.plan.steps import FrameSource

Draw = Callable[[int], bytes]
"""Frame number, from 0, to raw yuv420p bytes. Called from several threads at once."""


def open_resampler(source: FrameSource, directory: Path) -> Draw:
    """Load the still and return what draws its frames. The one place that knows the image library."""
    from PIL import Image  # noqa: PLC0415 - only jobs with a still pay for it

    raw = (directory / source.path).read_bytes()
    (width, height), (out_width, out_height) = source.still_size, source.size
    luma, chroma = width * height, (width // 2) * (height // 2)
    y = Image.frombytes("L", (width, height), raw[:luma])
    u = Image.frombytes("L", (width // 2, height // 2), raw[luma : luma + chroma])
    v = Image.frombytes("L", (width // 2, height // 2), raw[luma + chroma : luma + 2 * chroma])
    kernel = Image.Resampling.BICUBIC

    def draw(index: int) -> bytes:
        box = view(index, source.frames, source.still_size)
        half_size = (out_width // 2, out_height // 2)
        planes = (
            y.resize((out_width, out_height), kernel, box),
            u.resize(half_size, kernel, box.halved()),
            v.resize(half_size, kernel, box.halved()),
        )
        return b"".join(plane.tobytes() for plane in planes)

    return draw


async def drawn_frames(source: FrameSource, directory: Path, threads: int) -> AsyncGenerator[bytes, None]:
    """Yield every frame in order, drawing a few ahead in `threads` threads. Close it to stop early."""
    draw = await asyncio.to_thread(open_resampler, source, directory)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="frames")
    ahead: deque[Future[bytes]] = deque()
    try:
        for index in range(source.frames):
            ahead.append(pool.submit(draw, index))
            if len(ahead) > threads:
                yield await asyncio.wrap_future(ahead.popleft())
        while ahead:
            yield await asyncio.wrap_future(ahead.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
