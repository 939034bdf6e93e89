"""Running things side by side where the first failure is the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def all_of(*parts: Coroutine[Any, Any, object]) -> None:
    """Run all at once; when one raises, cancel the others, wait for them, and raise what it raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
