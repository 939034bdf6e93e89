"""The file that the command line writes: checked before any work, replaced in one step after it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

_TRIAL_BYTES = 64 * 1024
_CHUNK_BYTES = 8 * 1024 * 1024


class OutputRefusedError(Exception):
    """The output cannot be written as asked. The text completes "-o: …"."""


def check_output(name: str, inputs: Mapping[str, Path]) -> Path:
    """Return the file to write, with links followed. Raises OutputRefusedError. `inputs`: files by their options.

    A small file is written beside it and removed: permissions, mounts and quotas have too many rules to predict.
    """
    if not name or name.endswith(("/", "/.", "/..")) or Path(name).name == "..":
        raise OutputRefusedError("this names a folder; add the name of a file")
    try:
        # A link stays, and what it leads to is written.
        target = Path(name).resolve()
        found = target.stat() if target.exists() else None
        if found is not None:
            _check_existing(target, found, inputs)
        if not target.parent.is_dir():
            raise OutputRefusedError("there is no such folder")
        _try_to_write(target)
    except OSError as error:
        raise OutputRefusedError(_reason(error)) from None
    except (RuntimeError, ValueError):
        raise OutputRefusedError("this is no name of a file") from None
    return target


async def deliver(made: Path, target: Path) -> None:
    """Copy beside the target, then rename: half a video is never seen there. Raises OutputRefusedError.

    Between chunks a cancellation takes effect. Whatever happens, nothing but the finished file is left.
    """
    partial = _beside(target)
    try:
        with made.open("rb") as source, partial.open("xb") as copy:
            while chunk := source.read(_CHUNK_BYTES):
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
        # Also through links, hard links and names that differ in case only.
        if target.samefile(path):
            raise OutputRefusedError(f"this is the file of {option}, which would be lost; name another")
    if not os.access(target, os.W_OK):
        raise OutputRefusedError("this file is write-protected; name another")


def _try_to_write(target: Path) -> None:
    # Raises if the name itself is too long, which that of the trial file is not.
    with contextlib.suppress(FileNotFoundError):
        target.lstat()
    trial = _beside(target)
    try:
        with trial.open("xb") as file:
            file.write(bytes(_TRIAL_BYTES))
    finally:
        with contextlib.suppress(OSError):
            trial.unlink()


def _beside(target: Path) -> Path:
    return target.with_name(f".api-gpu-{secrets.token_hex(8)}.part")


def _reason(error: OSError) -> str:
    return f"this cannot be written: {error.strerror or 'unknown error'}"
