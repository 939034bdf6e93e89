"""Wake everything that waits for something to change."""

from __future__ import annotations

import asyncio
import contextlib


class Bell:
    """Long polls wait on it; whoever changes something rings it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return at the next ring or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
