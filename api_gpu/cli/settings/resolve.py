"""The settings in force: option, variable, file of the project, file of the user, in this order.

A key goes only where it was meant to go: a file that came with a project cannot send the user's key to another host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api_gpu.cli.exits import Code, Stop, usage
from api_gpu.cli.settings.toml_file import SettingsFileError, read

PROJECT_FILE = ".api-gpu.toml"
DEFAULT_PROFILE = "default"
SIGN_IN = "sign in with `api-gpu login`, or set API_GPU_URL and API_GPU_KEY"


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that the command line states."""

    url: str | None = None
    profile: str | None = None
    key: str | None = None
    """That of `--key-file`."""


@dataclass(frozen=True, slots=True)
class Value:
    """A setting and where it comes from."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. A value that nothing states is None."""

    profile: Value
    url: Value | None
    key: Value | None
    project_file: Path | None
    notes: tuple[str, ...] = ()
    """What a person should know: files that were passed over, keys that others can read."""
    key_refusal: str | None = None
    """Why a key that exists is not used."""

    def need_url(self) -> str:
        """Return the address of the API. Raises Stop."""
        if self.url is None:
            raise Stop(
                Code.SIGNED_OUT, f"no API address is known{self._of_profile()}; {SIGN_IN}", problem="not_signed_in"
            )
        return self.url.text

    def need_key(self) -> str:
        """Return the key. Raises Stop."""
        if self.key is None:
            reason = self.key_refusal or f"no API key is known{self._of_profile()}; {SIGN_IN}"
            raise Stop(Code.SIGNED_OUT, reason, problem="not_signed_in")
        return self.key.text

    def _of_profile(self) -> str:
        """Name a profile that was chosen: its name may be misspelled."""
        if self.profile.text == DEFAULT_PROFILE:
            return ""
        return f" for the profile {self.profile.text} (from {self.profile.source})"


def resolve(options: Options, environ: Mapping[str, str], folder: Path, user_file: Path) -> Settings:
    """Read all sources. Raises Stop if one of them is wrong."""
    notes: list[str] = []
    try:
        path, project = _read_project(folder, notes)
        user = _read_user(user_file, notes)
    except SettingsFileError as error:
        raise usage(str(error)) from None
    user_name = f"the file {user_file}"
    profile = _first(
        _value(options.profile, "--profile"), _value(environ.get("API_GPU_PROFILE"), "API_GPU_PROFILE"),
        _text(project, "profile", str(path)), _text(user, "profile", user_name),
    ) or Value(DEFAULT_PROFILE, "default")  # fmt: skip
    stored = user.get("profiles", {}).get(profile.text, {})
    url = _first(
        _value(options.url, "--url"), _value(environ.get("API_GPU_URL"), "API_GPU_URL"),
        _text(project, "url", str(path)), _text(stored, "url", user_name),
    )  # fmt: skip
    if url is not None:
        url = Value(check_url(url.text, url.source), url.source)
    stated = _first(
        _value(options.key, "--key-file"), _value(environ.get("API_GPU_KEY"), "API_GPU_KEY"),
        _text(project, "api_key", str(path)),
    )  # fmt: skip
    key = stated or _text(stored, "api_key", user_name)
    refusal = None
    is_projects = url is not None and url.source == str(path)
    if url is not None and key is not None and is_projects and key.source != str(path):
        meant = stored.get("url") if key.source == user_name else None
        if not isinstance(meant, str) or check_url(meant, user_name) != url.text:
            refusal = (
                f"{path} names the address {url.text}, for which the key from {key.source} was not stored; if you "
                f"trust it, run `api-gpu login --url {url.text} --profile NAME`, or set API_GPU_URL"
            )
            key = None
    return Settings(profile, url, key, path if project else None, tuple(notes), refusal)


def check_url(text: str, source: str) -> str:
    """Return the address without a slash at its end. Raises Stop unless it is https, or http on this machine."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        raise usage(f"{source}: give the address of the API, such as https://api.example.com")
    if parts.scheme == "http" and not is_loopback(host):
        raise usage(f"{source}: the address must start with https://, or anybody on the way could read the key")
    return url


def is_loopback(host: str) -> bool:
    """Return True for a host of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def find_project_file(folder: Path) -> Path | None:
    """Return the file of the project: in the folder or the closest parent that has one."""
    return next((path for parent in (folder, *folder.parents) if (path := parent / PROJECT_FILE).is_file()), None)


def _read_project(folder: Path, notes: list[str]) -> tuple[Path | None, Mapping[str, Any]]:
    path = find_project_file(folder)
    found = read(path) if path else None
    if path is None or found is None:
        return None, {}
    if not found.is_own:
        notes.append(f"{path} belongs to another user and is not used")
        return path, {}
    if "api_key" in found.values and not found.is_private:
        raise SettingsFileError(f"{path} has a key and others can read it; run `chmod 600 {path}`")
    return path, found.values


def _read_user(path: Path, notes: list[str]) -> Mapping[str, Any]:
    found = read(path)
    if found is None:
        return {}
    if not found.is_own:
        notes.append(f"{path} belongs to another user and is not used")
        return {}
    if not found.is_private:
        notes.append(f"others can read the key in {path}; run `chmod 600 {path}`")
    profiles = found.values.get("profiles", {})
    if not isinstance(profiles, Mapping) or not all(isinstance(entry, Mapping) for entry in profiles.values()):
        raise SettingsFileError(f"{path}: write a profile as a table, such as [profiles.default]")
    return found.values


def read_key_file(name: str, stdin_line: str) -> str:
    """Return the key in a file; in `stdin_line` if the name is `-`. Raises Stop."""
    try:
        key = (stdin_line if name == "-" else Path(name).read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError):
        raise usage(f"--key-file: {name} cannot be read") from None
    if not key or any(character.isspace() for character in key):
        raise usage("--key-file: the file must have the key and nothing else")
    return key


def _text(values: Mapping[str, Any], name: str, source: str) -> Value | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise usage(f"{source}: {name} must be text")
    return _value(value, source)


def _value(text: str | None, source: str) -> Value | None:
    return Value(text.strip(), source) if text and text.strip() else None


def _first(*values: Value | None) -> Value | None:
    return next((value for value in values if value is not None), None)
