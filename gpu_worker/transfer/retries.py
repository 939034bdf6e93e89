"""When a download is tried again."""

from __future__ import annotations

import random
import time

ATTEMPTS = 3
"""Attempts if the server does not ask to wait."""
PAUSE_SECONDS = 0.7
"""Before the second attempt, on average; before each other twice as long as before the last."""
_LONGEST_PAUSE_SECONDS = 10.0
_PATIENCE_SECONDS = 90.0
"""After so much waiting there is no other attempt, however often the server asks for it: the GPU is paid for."""


class Retries:
    """The attempts of one download. `ends`: when its time is up, by the monotonic clock."""

    def __init__(self, ends: float) -> None:
        self._ends = ends
        self._attempts = 0
        self._waited = 0.0

    def next_pause(self, asked: float | None) -> float | None:
        """Return the seconds to wait after a failed attempt; None if there is no other. `asked`: by the server."""
        self._attempts += 1
        if (self._waited >= _PATIENCE_SECONDS) if asked else (self._attempts >= ATTEMPTS):
            return None
        jitter = random.uniform(0.6, 1.4)  # noqa: S311 - spreads load, guards nothing
        pause = min(_LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * jitter * 2.0 ** (self._attempts - 1))
        pause = max(pause, asked or 0.0)
        if time.monotonic() + pause >= self._ends:
            return None
        self._waited += pause
        return pause
