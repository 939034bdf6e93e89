"""Files in a folder that what reads strangers' files may write to, too.

Where that one has a user of its own, it may put links and pipes in the place of anything: what is opened here is a
plain file of the folder, what is written is a new one.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path


def open_read(path: Path, *, links: bool = True) -> io.BufferedReader:
    """Open for reading. Raises OSError, also for what is no plain file.

    A link is followed if `links` are allowed and the folder is this user's own, so that nobody else can have put it
    there: the command line links to its inputs.
    """
    return io.BufferedReader(io.FileIO(_plain(path, os.O_RDONLY, links=links), "r"))


def open_update(path: Path) -> io.BufferedRandom:
    """Open to change it in place. Raises OSError, also for a link."""
    return io.BufferedRandom(io.FileIO(_plain(path, os.O_RDWR, links=False), "r+"))


def create_new(path: Path) -> io.BufferedWriter:
    """Open a new file for writing, whatever had the name before. Raises OSError."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return io.BufferedWriter(io.FileIO(os.open(path, flags, 0o644), "w"))


def read(path: Path) -> bytes:
    """Raises OSError."""
    with open_read(path) as file:
        return file.read()


def write(path: Path, text: str) -> None:
    """In UTF-8. Raises OSError."""
    with create_new(path) as file:
        file.write(text.encode())


def _plain(path: Path, flags: int, *, links: bool) -> int:
    follow = links and path.parent.stat().st_uid == os.geteuid()
    # Without O_NONBLOCK a pipe would be waited for.
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a plain file")
    return descriptor
