"""Whether a video was encoded here: x264 writes its version and all its options in front of the first frame.

Anybody can write them there too, so this only says where a closer look may be worth it.
"""

from __future__ import annotations

import asyncio
import mmap
import re
from pathlib import Path

from gpu_worker.ffmpeg.run import RunFailed, run_ffmpeg
from gpu_worker.plan.encode import encoder_args
from gpu_worker.plan.model import Encoder
from gpu_worker.sandbox.command import chown_to_sandbox_user
from gpu_worker.sandbox.safe_open import open_read
from gpu_worker.sandbox.workdir import temporary_workdir

_MARK = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")
"""The UUID of x264's own kind of `user data unregistered` message (x264, encoder/set.c)."""

_SEARCHED_BYTES, _MOST_BYTES = 8 * 1024**2, 2048
"""The index of a film of hours comes before its first frame."""

_VARYING = re.compile(rb" (?:threads|lookahead_threads|keyint|keyint_min|rc_lookahead)=\d+")
"""Options that follow the machine or the frame rate and change nothing a decoder must know."""

_CLIP = "own.mp4"
_TIMEOUT_SECONDS = 20.0

_known: dict[str, bytes] = {}


async def is_own_encode(ffmpeg: str, path: Path) -> bool:
    """Whether the file says it was made by this ffmpeg's x264 with the options that jobs use."""
    note = await asyncio.to_thread(_note, path)
    return bool(note) and note == await _own_note(ffmpeg)


async def _own_note(ffmpeg: str) -> bytes:
    """What our encodes say; found out once per ffmpeg. Empty if it cannot be found out."""
    if ffmpeg not in _known:
        source = ("-f", "lavfi", "-i", "color=s=64x64:r=24:d=0.04")
        with temporary_workdir() as directory:
            args = (*source, *encoder_args(Encoder.X264, 1), "-f", "mp4", "-y", _CLIP)
            chown_to_sandbox_user(directory, Path(ffmpeg))
            try:
                await run_ffmpeg(ffmpeg, args, directory, timeout=_TIMEOUT_SECONDS)
                _known[ffmpeg] = _note(directory / _CLIP)
            except (RunFailed, TimeoutError, OSError):
                return b""
    return _known[ffmpeg]


def _note(path: Path) -> bytes:
    """The first message of an x264 in a file, without what varies; empty if there is none near the start."""
    with open_read(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_MARK, 0, _SEARCHED_BYTES)
        text = b"" if at < 0 else data[at + len(_MARK) : at + _MOST_BYTES]
    return _VARYING.sub(b"", text.partition(b"\0")[0])
