"""The version of this program."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

_UNINSTALLED = "0.2.0"


def own_version() -> str:
    """Return the version, also in a checkout that is not installed."""
    try:
        return version("api-gpu")
    except PackageNotFoundError:
        return _UNINSTALLED
