"""Clean up after a supervisor that died without doing so itself.

    python -m local.supervisor.reaper ROOT      waits until its stdin is closed, which every kind of exit does

Then it kills every process that works in the temporary root or has it in its environment, and removes the root.
After a regular stop there is nothing left to do.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
from pathlib import Path

import psutil


def main(argv: list[str]) -> None:
    root = Path(argv[1])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    for _ in range(10):
        found = [process for process in psutil.process_iter() if belongs_to(process, root)]
        if not found:
            break
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1.0)
    shutil.rmtree(root, ignore_errors=True)


def belongs_to(process: psutil.Process, root: Path) -> bool:
    """Return True if the process works inside `root` or has a path inside it in its environment."""
    try:
        if process.pid == psutil.Process().pid or process.status() == psutil.STATUS_ZOMBIE:
            return False
        places = [process.cwd(), *(process.environ().get(name, "") for name in ("TMPDIR", "WORK_DIR"))]
    except (psutil.Error, OSError):
        return False
    return any(place and Path(place).is_relative_to(root) for place in places)


if __name__ == "__main__":
    main(sys.argv)
