"""The output file: checked before any work, and replaced in one step after it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

_TRIAL_BYTES = 64 * 1024


class OutputRefusedError(Exception):
    """The output cannot be written. The message completes "-o: …"."""


def check_output(name: str, inputs: Mapping[str, Path]) -> Path:
    """Return the file to write, with links resolved. `inputs` are files by option. Raises OutputRefusedError.

    Writes and removes a small file next to it: the rules of permissions, mounts and quotas are too many to predict.
    """
    if not name or name.endswith(("/", "/.", "/..")) or Path(name).name == "..":
        raise OutputRefusedError("this names a folder; add the name of a file")
    try:
        # A link stays; its target is written.
        target = Path(name).resolve()
        found = target.stat() if target.exists() else None
        if found is not None:
            _check_existing(target, found, inputs)
        if not target.parent.is_dir():
            raise OutputRefusedError("there is no such folder; create it first")
        _try_to_write(target)
    except OSError as error:
        raise OutputRefusedError(_reason(error)) from None
    except (RuntimeError, ValueError):
        raise OutputRefusedError("this is not a valid filename") from None
    return target


async def deliver(video: Path, target: Path, *, chunk_bytes: int = 8 * 1024 * 1024) -> None:
    """Copy to a file next to the target, then rename, so that no partial video appears. Raises OutputRefusedError.

    A cancellation takes effect between chunks. Nothing but the finished file is left in any case.
    """
    partial = _sibling(target)
    try:
        with video.open("rb") as source, partial.open("xb") as copy:
            while chunk := source.read(chunk_bytes):
                copy.write(chunk)
                await asyncio.sleep(0)
            copy.flush()
            os.fsync(copy.fileno())
        _replace(target, partial)
    except OSError as error:
        raise OutputRefusedError(_reason(error)) from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _replace(target: Path, partial: Path) -> None:
    if target.exists():
        partial.chmod(stat.S_IMODE(target.stat().st_mode))
    partial.replace(target)


def _check_existing(target: Path, found: os.stat_result, inputs: Mapping[str, Path]) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise OutputRefusedError("this is a folder; add the name of a file")
    if not stat.S_ISREG(found.st_mode):
        raise OutputRefusedError("this is a device or a pipe; name a file")
    for option, path in inputs.items():
        # samefile also sees links, hard links and names that differ in case only.
        if target.samefile(path):
            raise OutputRefusedError(f"this is the file of {option}, which would be lost; name another")
    if not os.access(target, os.W_OK):
        raise OutputRefusedError("this file is write-protected; name another")


def _try_to_write(target: Path) -> None:
    # Raises OSError if the filename is too long; that of the trial file is not.
    with contextlib.suppress(FileNotFoundError):
        target.lstat()
    trial = _sibling(target)
    try:
        with trial.open("xb") as file:
            file.write(bytes(_TRIAL_BYTES))
    finally:
        with contextlib.suppress(OSError):
            trial.unlink()


def _sibling(target: Path) -> Path:
    return target.with_name(f".api-gpu-{secrets.token_hex(8)}.part")


def _reason(error: OSError) -> str:
    return f"this cannot be written: {error.strerror or 'unknown error'}"
