"""Find processes by their working directory."""

from __future__ import annotations

import contextlib
from pathlib import Path


def processes_below(folder: Path) -> list[int]:
    """Return the ids of running processes whose working directory is this folder or one below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_below = (process / "cwd").readlink().is_relative_to(folder)
            # The state follows the name, which is in parentheses.
            if is_below and (process / "stat").read_text().rpartition(") ")[2][0] != "Z":
                found.append(int(process.name))
    return found


def is_running(program: str, folder: Path) -> bool:
    """Return True once a process there has become the program."""
    for pid in processes_below(folder):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/exe").readlink().samefile(program):
                return True
    return False
