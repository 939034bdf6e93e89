"""Wake all tasks that wait for a change."""

from __future__ import annotations

import asyncio
import contextlib


class Notifier:
    """Long polls wait on it; code that changes state notifies it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return at the next notification or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
