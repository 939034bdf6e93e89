"""Run shell scripts in the sandbox and code in forked processes, and write trees of files."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.process import sandboxed_process

SANDBOX = Sandbox()
PR_SET_DUMPABLE = 4
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as another user")
needs_setpriv = pytest.mark.skipif(not Path("/usr/bin/setpriv").exists(), reason="no util-linux, no sandbox")


def run_script(script: str, directory: Path, sandbox: Sandbox | None = None, seconds: float | None = None) -> str:
    """Run a shell script in the sandbox and return what it prints."""

    async def work() -> str:
        argv = ("/bin/sh", "-c", script)
        async with sandboxed_process(sandbox or Sandbox(), argv, directory, seconds=seconds) as process:
            assert process.stdout is not None
            printed = await process.stdout.read()
            await process.wait()
            return printed.decode()

    return asyncio.run(work())


def run_forked(work: Callable[[], object], user: int | None = None) -> None:
    """Run the function in a forked process, as another user if we are root."""

    def run() -> None:
        if user is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            # Changing users makes a process undumpable; a worker that never was root is dumpable.
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1)
        work()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode == 0


def refuse(argv: Sequence[str], **_options: object) -> subprocess.CompletedProcess[bytes]:
    """Run nothing, like a machine without any of the sandbox's tools."""
    return subprocess.CompletedProcess(argv, 1)


def write_files(root: Path, files: dict[str, str]) -> Path:
    """Write text files below `root` and return it."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
