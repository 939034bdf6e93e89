"""Safely open files in a directory that sandboxed programs can also write to.

A sandboxed program may replace any file of its directory by a link or a pipe. What is opened here is a regular file of
the directory; what is written is a new one.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path


def open_read(path: Path, *, links: bool = True) -> io.BufferedReader:
    """Open for reading. Raises OSError, also for anything but a regular file.

    A link is followed if `links` are allowed and this user owns the directory, so that no sandboxed program can have
    made it: the command line links to its inputs.
    """
    return io.BufferedReader(io.FileIO(_open_regular(path, os.O_RDONLY, links=links), "r"))


def open_update(path: Path) -> io.BufferedRandom:
    """Open to change the file in place. Raises OSError, also for a link."""
    return io.BufferedRandom(io.FileIO(_open_regular(path, os.O_RDWR, links=False), "r+"))


def create_new(path: Path) -> io.BufferedWriter:
    """Open a new file for writing, and remove what had its name before. Raises OSError."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return io.BufferedWriter(io.FileIO(os.open(path, flags, 0o644), "w"))


def read(path: Path) -> bytes:
    """Return the content of a regular file. Raises OSError."""
    with open_read(path) as file:
        return file.read()


def write(path: Path, content: str | bytes) -> None:
    """Write a new file, a text in UTF-8. Raises OSError."""
    with create_new(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def _open_regular(path: Path, flags: int, *, links: bool) -> int:
    follow = links and path.parent.stat().st_uid == os.geteuid()
    # Without O_NONBLOCK, opening a pipe would block.
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor
