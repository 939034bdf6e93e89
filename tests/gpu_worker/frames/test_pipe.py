"""Frames in a pipe: complete and unchanged, though their memory is used again, with and without references."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Sequence

import pytest

from gpu_worker.frames.pipe import FramePipe

_LARGE, _SMALL = 1_500_000, 3_000
_FRAMES = 6


def _write(fd: int, size: int, kept: list[bytearray], done: threading.Event) -> None:
    pipe = FramePipe(fd, _FRAMES, size)
    for index in range(_FRAMES):
        frame = kept[index % 3]
        frame[:] = bytes([index + 1]) * size
        view = memoryview(frame).toreadonly()
        pipe.write(_planes(view))
    os.close(fd)
    for frame in kept:
        frame[:] = bytes(size)
    done.set()


def _planes(view: memoryview) -> Sequence[memoryview]:
    cut = len(view) * 2 // 3
    return view[:cut], view[cut:]


def _transfer(size: int) -> bytes:
    reader, writer = os.pipe()
    done = threading.Event()
    # Three buffers in turns: the writer holds the frame in the pipe and the one before it.
    kept = [bytearray(size) for _ in range(3)]
    thread = threading.Thread(target=_write, args=(writer, size, kept, done))
    thread.start()
    time.sleep(0.05)  # the pipe is full before anything is read
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
        data = pipe.read()
    thread.join()
    return data


@pytest.mark.parametrize("size", [_LARGE, _SMALL])
def test_frames_arrive_unchanged_though_their_memory_is_used_again(size: int) -> None:
    data = _transfer(size)
    assert [data[at : at + size] for at in range(0, len(data), size)] == [
        bytes([index + 1]) * size for index in range(_FRAMES)
    ]


def test_frames_are_copied_where_the_kernel_lends_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpu_worker.frames.pipe.ctypes.CDLL", lambda *_args, **_options: object())
    size = _LARGE
    data = _transfer(size)
    assert len(data) == _FRAMES * size
    assert data[-1] == _FRAMES


def test_a_refused_call_falls_back_to_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        @staticmethod
        def vmsplice(*_args: object) -> int:
            return -1

    monkeypatch.setattr("gpu_worker.frames.pipe.ctypes.CDLL", lambda *_args, **_options: Kernel)
    monkeypatch.setattr("gpu_worker.frames.pipe.ctypes.get_errno", lambda: 38)
    data = _transfer(_LARGE)
    assert len(data) == _FRAMES * _LARGE
    assert data[0] == 1
    assert data[-1] == _FRAMES


def test_a_reader_that_leaves_breaks_the_pipe() -> None:
    reader, writer = os.pipe()
    pipe = FramePipe(writer, 3, _LARGE)
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        pipe.write([bytes(_LARGE)])
    os.close(writer)


def test_a_frame_is_kept_until_the_next_one_is_in_the_pipe() -> None:
    class Planes(list[bytes]):
        pass

    reader, writer = os.pipe()
    thread = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reader, _LARGE), b"")], daemon=True)
    thread.start()
    pipe = FramePipe(writer, 3, _LARGE)
    planes = Planes([bytes(_LARGE)])
    kept = weakref.ref(planes)
    pipe.write(planes)
    del planes
    assert kept() is not None
    pipe.write([bytes(_LARGE)])
    assert kept() is None
    os.close(writer)
    thread.join()
    os.close(reader)
