"""Parts that both clients share: the settings, and requests as values."""

from __future__ import annotations

import os
from difflib import get_close_matches

from api_gpu.core.context import Context, check_api_key, check_base_url
from api_gpu.drivers.translate import READ_SECONDS
from api_gpu.errors import ApiGpuError
from api_gpu.logs import set_up_logging
from api_gpu.operations import PATHS, URL_FIELDS


def make_context(base_url: str | None, api_key: str | None, timeout: float | None, max_retries: int) -> Context:
    """Return the settings, from the environment where they are not given. Raises ApiGpuError."""
    set_up_logging()
    url = check_base_url(base_url or os.environ.get("API_GPU_URL"))
    key = check_api_key(api_key or os.environ.get("API_GPU_KEY"))
    if max_retries < 0:
        raise ApiGpuError("max_retries is 0 or more")
    headers = {"X-API-Key": key, "Accept": "application/json"}
    return Context(url, headers, max_retries, check_timeout(timeout, READ_SECONDS))


def check_timeout(timeout: float | None, default: float) -> float:
    """Return the seconds that one read may take. Raises ApiGpuError."""
    if timeout is not None and not timeout > 0:
        raise ApiGpuError("timeout is a number of seconds above 0")
    return default if timeout is None else timeout


def find_operation(operation: str) -> tuple[str, frozenset[str] | None]:
    """Return the route of an operation, and its fields that take URLs; a route itself is taken as it is."""
    if operation in PATHS:
        return PATHS[operation], URL_FIELDS
    if operation.startswith("/"):
        return operation, None
    close = get_close_matches(operation, PATHS, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(PATHS)}"
    raise ApiGpuError(f"no operation {operation!r}; {hint}")


def first_wait(timeout: float | None, *, has_progress: bool) -> float | None:
    """Return the seconds for which the submit itself waits for the end: the one call that a short job needs.

    None if the caller wants to see progress meanwhile, or has no time.
    """
    if has_progress or (timeout is not None and timeout < 1):
        return None
    return 25.0 if timeout is None else min(25.0, timeout)
