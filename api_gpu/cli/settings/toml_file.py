"""Settings files: read with tomllib, written for this user only, in one step."""

from __future__ import annotations

import os
import secrets
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api_gpu.cli.settings.toml_text import to_toml

_MAX_BYTES = 256 * 1024


class SettingsFileError(Exception):
    """A settings file cannot be used. The message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A settings file that was read, and who may read it."""

    values: Mapping[str, Any]
    is_private: bool
    """False if the group or everybody may read it."""
    is_own: bool
    """False if it belongs to neither this user nor root."""


def read(path: Path) -> Found | None:
    """Return the contents of a file; None if it does not exist. Raises SettingsFileError."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > _MAX_BYTES:
                raise SettingsFileError(f"{path} is not a settings file; remove it or name another")
            is_own = about.st_uid in {os.geteuid(), 0} if hasattr(os, "geteuid") else True
            values = tomllib.loads(file.read().decode()) if is_own else {}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsFileError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"{path} is not valid TOML: {error}") from None
    return Found(values, os.name == "nt" or not about.st_mode & 0o077, is_own)


def write(path: Path, values: Mapping[str, Any]) -> None:
    """Replace a file in one step. Only this user may read it. Raises SettingsFileError."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(to_toml(values))
                file.flush()
                os.fsync(file.fileno())
            # A link stays; its target is replaced.
            partial.replace(path.resolve())
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsFileError(f"{path} cannot be written: {error.strerror}") from None
