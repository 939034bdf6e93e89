"""Hand frames to a process through a pipe: by reference where the system can, else as copies."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Sequence

from gpu_worker.frames.resampler import Plane

_PIPE_BYTES = 1024 * 1024
"""Linux' maximum for an unprivileged process. A frame is 3 MB: with the default 64 KiB both sides mostly wake up."""
_UNAVAILABLE = {errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP}


class _Range(ctypes.Structure):
    """The C struct `iovec`."""

    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


class FramePipe:
    """Writes `frames` frames of `frame_bytes` bytes to the pipe `fd`.

    The kernel's `vmsplice` saves a copy of each frame: the reader copies from the frame itself, which therefore must
    stay as it is until it was read. A frame that is larger than the pipe was read when the next one is in it; the last
    one is copied.
    """

    def __init__(self, fd: int, frames: int, frame_bytes: int) -> None:
        self._fd = fd
        self._left = frames
        self._unread: Sequence[Plane] = ()
        size = _enlarge(fd)
        self._vmsplice: Callable[..., int] | None = None
        if frame_bytes >= size:
            self._vmsplice = getattr(ctypes.CDLL(None, use_errno=True), "vmsplice", None)

    def write(self, planes: Sequence[Plane]) -> None:
        """Write the planes of the next frame, which nobody may change afterwards. Raises OSError."""
        self._left -= 1
        for plane in planes:
            lent = 0 if self._vmsplice is None or self._left < 1 else self._lend(plane, self._vmsplice)
            _write_all(self._fd, memoryview(plane)[lent:])
        self._unread = planes

    def _lend(self, plane: Plane, vmsplice: Callable[..., int]) -> int:
        """Lend a plane to the kernel, and return how many bytes it took: all, or less if it lends no longer."""
        import numpy as np  # noqa: PLC0415 - takes 0.1 s to import, and only large frames need it

        start, length = np.frombuffer(plane, np.uint8).__array_interface__["data"][0], len(plane)
        done = 0
        while done < length:
            count = vmsplice(self._fd, ctypes.byref(_Range(start + done, length - done)), 1, 0)
            if count >= 0:
                done += count
                continue
            code = ctypes.get_errno()
            if code in _UNAVAILABLE:
                self._vmsplice = None
                break
            if code != errno.EINTR:
                raise OSError(code, os.strerror(code))
        return done


def _enlarge(fd: int) -> int:
    """Enlarge the pipe if that is allowed, and return its size in bytes."""
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        return _PIPE_BYTES
    with contextlib.suppress(OSError):
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)


def _write_all(fd: int, rest: memoryview) -> None:
    while rest:
        rest = rest[os.write(fd, rest) :]
