"""End programs with all their descendants, and limit the memory of all of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gpu_worker.sandbox.process import MemoryLimitExceeded, sandboxed_process
from tests.support.sandbox import SANDBOX, needs_setpriv

ROOT = Path(__file__).resolve().parents[3]


ESCAPE = """
import asyncio, sys
from pathlib import Path
from gpu_worker.sandbox.process import sandboxed_process
from gpu_worker.sandbox.process_tree import PROCESSES
from gpu_worker.sandbox.command import Sandbox

async def main():
    directory, sandbox = Path(sys.argv[1]), Sandbox()
    sandbox.chown_to_sandbox_user(directory, Path("/bin/sh"))
    PROCESSES.become_subreaper()
    left = "setsid sh -c 'setsid sleep 61 & exec sleep 61' >/dev/null 2>&1 & while ! pgrep -x sleep; do :; done; exit 0"
    async with sandboxed_process(sandbox, ("/bin/sh", "-c", left), directory) as process:
        await process.wait()

asyncio.run(main())
"""


@needs_setpriv
@pytest.mark.fault("G11", "I14")
def test_orphans_in_other_sessions_are_killed(workdir: Path) -> None:
    """Two processes in other sessions, one of them without a parent."""
    argv = [sys.executable, "-c", ESCAPE, str(workdir)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for process in psutil.process_iter(["cmdline"]):
        assert process.info["cmdline"] != ["sleep", "61"]


@pytest.mark.fault("G12")
def test_memory_limit_includes_children(workdir: Path) -> None:
    child = f"{sys.executable} -c 'import time; taken = bytearray(300 << 20); time.sleep(30)'"

    async def work() -> None:
        async with sandboxed_process(
            SANDBOX, ("/bin/sh", "-c", f"{child}; exit 0"), workdir, memory=100 << 20
        ) as process:
            await process.wait()

    with pytest.raises(MemoryLimitExceeded):
        asyncio.run(asyncio.wait_for(work(), 20))
