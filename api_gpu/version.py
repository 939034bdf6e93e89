"""The version: that of the installed package, in a checkout that of pyproject.toml."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def own_version() -> str:
    """Return the version of this package."""
    try:
        return version("api-gpu")
    except PackageNotFoundError:
        text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
        found = re.search(r'^version = "(.+)"$', text, re.MULTILINE)
        return found[1] if found else "0"


def user_agent() -> str:
    """Return the name under which the API's operator sees this client."""
    return f"api-gpu-python/{own_version()} Python/{platform.python_version()}"
