"""The time that an invocation may spend on calls to others. Each call has its own timeout too; the nearer one holds.

Lambda kills a function that runs out of time, wherever it is, and its response is lost. Calls that end a moment earlier
leave time to respond.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)
"""Monotonic, in seconds."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all calls made in this context to `seconds` from now, or to an earlier deadline that is set already."""
    token = _ends_at.set(min(_ends_at.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def left() -> float:
    """Return the seconds that are left: infinity outside of any `within`, zero or less after the deadline."""
    return _ends_at.get() - time.monotonic()
