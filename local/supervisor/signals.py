"""Ctrl-C, SIGTERM and SIGHUP: the first stops the work in order, the second kills the processes that it waits for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine
from typing import Any

import psutil


async def until_signalled(work: Coroutine[Any, Any, int]) -> int | None:
    """Run `work` to its end and return its result, or None if a signal cut it short (it has cleaned up by then)."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    received = 0

    def on_signal() -> None:
        nonlocal received
        received += 1
        if received == 1:
            task.cancel()
        elif received == 2:
            # Cleanup waits only for processes; without them it ends at once.
            _kill_children()
        else:
            os._exit(130)

    # nohup ignores SIGHUP on purpose.
    hangup = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    numbers = (signal.SIGINT, signal.SIGTERM, *hangup)
    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    try:
        return await task
    except asyncio.CancelledError:
        if not received:
            raise
        return None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _kill_children() -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()
