"""Running things side by side where the first failure is the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any


async def run_all(*parts: Coroutine[Any, Any, object]) -> None:
    """Run all at once; when one raises, cancel the others, wait for them, and raise what it raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def shield(part: Awaitable[object]) -> None:
    """Run what must finish, however often the caller is cancelled meanwhile; the cancellation is passed on after it.

    For short clean-ups only: a time-out and a shutdown may well strike the same job at once.
    """
    task = asyncio.ensure_future(part)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
    if cancelled is not None:
        raise cancelled
    task.result()
