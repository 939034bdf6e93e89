"""Run coroutines concurrently or in turns, and protect cleanup from cancellation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Coroutine
from typing import Any


async def run_all(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Run all concurrently; if one raises, cancel the others, wait for them, and raise the first error."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def shield(awaitable: Awaitable[object]) -> None:
    """Wait until it finishes, even if the caller is cancelled once or more; raise the cancellation afterwards.

    Unlike `asyncio.shield`, which returns at the first cancellation. For short cleanups only: a timeout and a shutdown
    may cancel the same job.
    """
    task = asyncio.ensure_future(awaitable)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
    if cancelled is not None:
        raise cancelled
    task.result()


class Turns:
    """Lets at most `count` coroutines work at the same time, or one that needs everything for itself."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = asyncio.Semaphore(count)
        self._collecting = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for one of the turns."""
        async with self._free:
            yield

    @contextlib.asynccontextmanager
    async def all(self) -> AsyncIterator[None]:
        """Wait until no other coroutine has a turn. Do not call it while holding one."""
        async with self._collecting, contextlib.AsyncExitStack() as taken:
            for _ in range(self._count):
                await taken.enter_async_context(self._free)
            yield
