"""Run a program that reads one input of a job and describes its contents."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from contract.errors import Code
from gpu_worker.concurrency import run_all
from gpu_worker.errors import job_failed
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.output import read_lines
from gpu_worker.sandbox.process import NOT_STARTED, MemoryLimitExceeded, sandboxed_process

TakeLine = Callable[[bytes], None]


async def inspect(
    sandbox: Sandbox,
    argv: Sequence[str],
    path: Path,
    field: str,
    seconds: float,
    lines: tuple[TakeLine, TakeLine],
    activity: str,
) -> int:
    """Run a program in the folder of the file that it reads, pass its output on, and return its exit code.

    `lines` take each line of stdout and of stderr. Raises JobFailed naming `field` if the `activity` ("reading it")
    takes more than `seconds` or than the sandbox's memory for reading, or if the kernel killed the program.
    """
    take_stdout, take_stderr = lines
    memory = sandbox.limits.reading_bytes
    try:
        async with (
            asyncio.timeout(seconds),
            sandboxed_process(sandbox, argv, path.parent, memory=memory, seconds=seconds) as process,
        ):
            await run_all(read_lines(process.stdout, take_stdout), read_lines(process.stderr, take_stderr))
            code = await process.wait()
    except TimeoutError:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{activity} takes too long") from None
    except MemoryLimitExceeded:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{activity} takes too much memory") from None
    if code == -signal.SIGKILL:
        raise job_failed(Code.RESOURCES)
    if code in NOT_STARTED:
        raise job_failed(Code.INTERNAL)
    return code
