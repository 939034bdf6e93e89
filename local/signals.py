"""Ctrl-C, SIGTERM and SIGHUP: one ends the work tidily, a second kills what is in the way of that."""

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
            # Cleaning up waits for processes only; without them it ends at once.
            _kill_children()
        else:
            os._exit(130)

    # Under nohup it is ignored on purpose.
    hung_up = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    numbers = (signal.SIGINT, signal.SIGTERM, *hung_up)
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
