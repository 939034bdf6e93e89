"""Programs that read one input of a job and report what is in it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from contract.errors import Code
from gpu_worker.concurrency import run_all
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.run import NOT_STARTED, MemoryLimitExceeded, read_lines, sandboxed_process
from gpu_worker.sandbox.memory import READING_BYTES

TakeLine = Callable[[bytes], None]


async def inspect(
    argv: Sequence[str], path: Path, field: str, seconds: float, lines: tuple[TakeLine, TakeLine], doing: str
) -> int:
    """Run a program in the folder of the file that it reads, pass its output on, and return its exit code.

    `lines` take each line of stdout and of stderr. Raises JobFailed naming `field` if `doing` takes too long or too
    much memory, or if the machine ended the program.
    """
    take_line, take_log = lines
    try:
        async with (
            asyncio.timeout(seconds),
            sandboxed_process(argv, path.parent, memory=READING_BYTES, seconds=seconds) as process,
        ):
            await run_all(read_lines(process.stdout, take_line), read_lines(process.stderr, take_log))
            code = await process.wait()
    except TimeoutError:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{doing} takes too long") from None
    except MemoryLimitExceeded:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{doing} takes too much memory") from None
    if code == -signal.SIGKILL:
        raise job_failed(Code.RESOURCES)
    if code in NOT_STARTED:
        raise job_failed(Code.INTERNAL)
    return code
