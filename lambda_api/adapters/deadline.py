"""How long an invocation may wait for others in all. Each call has a bound of its own too; the nearer one holds.

Lambda stops a function that runs out of time wherever it stands, and what was done is not told. Calls that end a moment
before leave time for that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)
"""Monotonic, in seconds."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """No call that is made here, in this context, goes on for longer than so many seconds from now."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def left() -> float:
    """Seconds that are left; infinitely many outside of any `within`, none or fewer when the time is over."""
    return _ends.get() - time.monotonic()
