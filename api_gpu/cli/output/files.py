"""The files that a command writes: planned and checked before any work, complete or absent after it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from api_gpu.cli.exits import Code, Stop, usage
from contract.documentation.command_line import is_folder_name, output_names


def plan_files(output: str | None, artifacts: Sequence[str]) -> dict[str, Path]:
    """Return where the artifacts will be, by their names, the main one first. Raises Stop.

    `output` is a file, whose name the others share with their own endings, or a folder; by default the current one.
    """
    if output == "-":
        raise usage("-o -: stdout has the names of the files; name a file")
    names = [PurePosixPath(name).name for name in artifacts]
    if output is not None and not is_folder_name(output) and not Path(output).is_dir():
        return {name: Path(target) for name, target in output_names(output, names).items()}
    return {name: Path(output or "") / name for name in names}


def check_files(targets: Iterable[Path], inputs: Iterable[Path], *, force: bool, makes_folder: bool) -> None:
    """Raise Stop if one of the files cannot be written, or exists without `force`, or is an input."""
    for target in targets:
        if target.is_dir():
            raise usage(f"-o: {target} is a folder; name another")
        if target.exists():
            if any(_is_same(target, path) for path in inputs):
                raise usage(f"-o: {target} is an input file, which would be lost; name another")
            if not force:
                raise usage(f"-o: {target} exists; name another, or replace it with --force")
        if not target.parent.is_dir() and not makes_folder:
            raise usage(f"-o: there is no folder {target.parent}; create it first, or end the name with /")
        if target.parent.is_dir() and not os.access(target.parent, os.W_OK):
            raise usage(f"-o: no permission to write in {target.parent}; name another")


def partial_name(target: Path, job_id: str) -> Path:
    """Return the name for a file that is not published yet, next to its target: the same for the next attempt."""
    return target.with_name(f".api-gpu-{hashlib.sha256(f'{job_id}/{target.name}'.encode()).hexdigest()[:16]}")


def publish(partials: Mapping[Path, Path], *, force: bool) -> None:
    """Give complete files, which are the values, their names. Raises Stop if a name was taken meanwhile."""
    for target, partial in partials.items():
        try:
            if force:
                partial.replace(target)
            else:
                _place(partial, target)
        except FileExistsError:
            sentence = f"{target} was made meanwhile; `api-gpu download JOB -o FILE` gets the file under another name"
            raise Stop(Code.FAILED, sentence, problem="file_exists") from None


def _place(partial: Path, target: Path) -> None:
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no hard links.
        if target.exists():
            raise FileExistsError from None
        partial.rename(target)
    else:
        with contextlib.suppress(OSError):
            partial.unlink()


def _is_same(target: Path, path: Path) -> bool:
    return path.exists() and target.samefile(path)
