"""The output files: checked before any work, and replaced in one step each after it.

The option names one file; the others of the same job get its name with their own endings. Several with one ending are
numbered.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.artifacts import Artifact
from contract.documentation.command_line import is_folder_name, output_names

_TRIAL_BYTES = 64 * 1024


class OutputRefusedError(Exception):
    """The output cannot be written. The message completes "-o: …"."""


def check_outputs(name: str, artifacts: Sequence[Artifact], inputs: Mapping[Path, str]) -> dict[str, Path]:
    """Return the files to write by the names of the artifacts, the named one first. Raises OutputRefusedError.

    `name` is for the artifact with its ending, or else for the main one. `inputs` are the options of input files.
    """
    targets: dict[str, Path] = {}
    for artifact, target in output_names(name, [artifact.name for artifact in artifacts]).items():
        try:
            targets[artifact] = _check_sibling(target, inputs, targets)
        except OutputRefusedError as refused:
            if target == name:
                raise
            raise OutputRefusedError(f"{target} is also written: {refused}") from None
    return targets


def _check_sibling(name: str, inputs: Mapping[Path, str], targets: Mapping[str, Path]) -> Path:
    target = check_output(name, inputs)
    if any(target == other or _is_same(target, other) for other in targets.values()):
        raise OutputRefusedError("this is the same file as another output; name another")
    return target


def check_output(name: str, inputs: Mapping[Path, str]) -> Path:
    """Return the file to write, with links resolved. Raises OutputRefusedError. `inputs` are options by file.

    Writes and removes a small file next to it: the rules of permissions, mounts and quotas are too many to predict.
    """
    if is_folder_name(name):
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


async def deliver(files: Mapping[Path, Path], *, chunk_bytes: int = 8 * 1024 * 1024) -> None:
    """Copy files to their targets, which are the keys. Raises OutputRefusedError.

    Each is copied to a file next to its target; when all are complete, they are renamed, so that no partial file
    appears. A cancellation takes effect between chunks. Nothing but the finished files is left in any case.
    """
    partials = {target: _sibling(target) for target in files}
    try:
        for target, made in files.items():
            await _copy(made, partials[target], chunk_bytes)
        for target, partial in partials.items():
            _replace(target, partial)
    except OSError as error:
        raise OutputRefusedError(_reason(error)) from None
    finally:
        for partial in partials.values():
            with contextlib.suppress(OSError):
                partial.unlink()


async def _copy(made: Path, partial: Path, chunk_bytes: int) -> None:
    with made.open("rb") as source, partial.open("xb") as copy:
        while chunk := source.read(chunk_bytes):
            copy.write(chunk)
            await asyncio.sleep(0)
        copy.flush()
        os.fsync(copy.fileno())


def _replace(target: Path, partial: Path) -> None:
    if target.exists():
        partial.chmod(stat.S_IMODE(target.stat().st_mode))
    partial.replace(target)


def _check_existing(target: Path, found: os.stat_result, inputs: Mapping[Path, str]) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise OutputRefusedError("this is a folder; add the name of a file")
    if not stat.S_ISREG(found.st_mode):
        raise OutputRefusedError("this is a device or a pipe; name a file")
    for path, option in inputs.items():
        # samefile also sees links, hard links and names that differ in case only.
        if target.samefile(path):
            raise OutputRefusedError(f"this is the file of {option}, which would be lost; name another")
    if not os.access(target, os.W_OK):
        raise OutputRefusedError("this file is write-protected; name another")


def _is_same(target: Path, other: Path) -> bool:
    return target.exists() and other.exists() and target.samefile(other)


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
