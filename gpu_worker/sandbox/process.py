"""Start a program in the sandbox, watch its memory, and leave no process of it behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from gpu_worker.concurrency import shield
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.memory import kill_if_over_memory, working_bytes
from gpu_worker.sandbox.process_tree import PROCESSES

GRACE_SECONDS = 0.5
"""Time between SIGTERM and SIGKILL. The output is discarded anyway, so the program needs no time to finish it."""

NOT_STARTED = frozenset({126, 127})
"""Exit codes of the sandbox's tools if they cannot become the program; ffmpeg has no such codes."""

_KILL_ROUNDS, _ROUND_SECONDS = 50, 0.02
_PIPE_LIMIT = 1024 * 1024


class MemoryLimitExceeded(Exception):
    """A program was killed because it used more memory than its limit."""


@contextlib.asynccontextmanager
async def sandboxed_process(
    sandbox: Sandbox,
    argv: Sequence[str],
    cwd: Path,
    *,
    stdin: int = asyncio.subprocess.DEVNULL,
    memory: int | None = None,
    seconds: float | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a program in `cwd`, in the sandbox and in its own session; kill it and all its descendants on exit.

    stdout and stderr are pipes that the caller must read; stdin is the descriptor given, or empty.
    A program that uses more than `memory` bytes is killed, and leaving the block raises MemoryLimitExceeded. The kernel
    kills one that uses more than `seconds` of every processor; the caller has to limit the time on the clock.
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *sandbox.sandboxed_argv(argv, cwd, seconds),
            cwd=cwd,
            env=sandbox.environment,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_PIPE_LIMIT,
            start_new_session=True,
        )
    )
    watching: asyncio.Task[bool] | None = None
    try:
        # Wait for the start even if cancelled: asyncio would kill the program alone, and it may already have children.
        with PROCESSES.starting():
            await shield(starting)
            PROCESSES.register(starting.result().pid)
        max_bytes = working_bytes() if memory is None else memory
        watching = asyncio.create_task(kill_if_over_memory(starting.result(), max_bytes))
        yield starting.result()
    finally:
        if watching is not None:
            watching.cancel()
        if starting.exception() is None:
            await shield(_terminate(starting.result()))
    if watching.done() and not watching.cancelled() and watching.result():
        raise MemoryLimitExceeded


async def _terminate(process: asyncio.subprocess.Process) -> None:
    """End the program, then kill what is left of its session."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    # Also after a normal exit: a remaining child would continue in the job's directory.
    has_survivors = PROCESSES.kill(process.pid)
    await process.wait()
    for _ in range(_KILL_ROUNDS):
        if not has_survivors:
            break
        # A process started while its parent was being killed is found in the next round.
        await asyncio.sleep(_ROUND_SECONDS)
        has_survivors = PROCESSES.kill(process.pid)
    PROCESSES.unregister(process.pid)
