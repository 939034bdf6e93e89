"""The version of the installed package, from its metadata."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def own_version() -> str:
    """Return the version; `0+source` in a checkout that is not installed."""
    try:
        return version("api-gpu")
    except PackageNotFoundError:
        return "0+source"


def user_agent() -> str:
    """Return the name under which the API's operator sees this client."""
    return f"api-gpu-python/{own_version()} Python/{platform.python_version()}"
