"""The user's file of settings: its place, and changes to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from api_gpu.cli.exits import usage
from api_gpu.cli.settings.toml_file import SettingsFileError, read, write

KEYS = ("url", "api_key")
"""The settings of a profile."""


def user_file() -> Path:
    """Return the place of the user's file, `$XDG_CONFIG_HOME/api-gpu/config.toml` on Linux."""
    return user_config_path("api-gpu", appauthor=False) / "config.toml"


def change(path: Path, profile: str, changes: Mapping[str, str | None]) -> None:
    """Set keys of a profile, or remove those that are None. Raises Stop."""
    try:
        values = _plain(path)
        profiles = values.setdefault("profiles", {})
        entry = profiles.setdefault(profile, {})
        for name, value in changes.items():
            if value is None:
                entry.pop(name, None)
            else:
                entry[name] = value
        if not entry:
            del profiles[profile]
        write(path, values)
    except SettingsFileError as error:
        raise usage(str(error)) from None


def has_key(path: Path, profile: str) -> bool:
    """Return True if the file has a key of a profile. Raises Stop."""
    try:
        return "api_key" in _plain(path).get("profiles", {}).get(profile, {})
    except SettingsFileError as error:
        raise usage(str(error)) from None


def choose(path: Path, profile: str | None) -> None:
    """Make a profile the usual one; None forgets the choice. Raises Stop."""
    try:
        values = _plain(path)
        values.pop("profile", None)
        write(path, values if profile is None else {"profile": profile, **values})
    except SettingsFileError as error:
        raise usage(str(error)) from None


def _plain(path: Path) -> dict[str, Any]:
    found = read(path)
    if found is None:
        return {}
    if not found.is_own:
        raise SettingsFileError(f"{path} belongs to another user; move it away")
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in found.values.items()}
