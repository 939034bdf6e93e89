"""The request of a command line: files by their kinds, options as JSON, parts of objects; checked before any upload."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api_gpu.cli.exits import usage
from contract.documentation.command_line import describe_problem, format_of, read_option
from contract.documentation.describe import Description, Option
from contract.documentation.parts import Part, text_field
from contract.operations import OPERATIONS, Operation
from contract.roles import Role

_SUBTITLES = {".srt", ".vtt", ".ass", ".ssa"}
_PLACEHOLDER = "https://local.invalid/"
"""Stands for a local file where the models want a URL."""

Value = str | list[str] | bool


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request."""

    kind: str
    body: Mapping[str, Any]
    """As the API takes it, with paths in place of the URLs of local files."""
    files: Mapping[Path, str]
    """The local files, with their options."""
    artifacts: tuple[str, ...]
    """The names of the files that the job will make, the main one first."""


class Arguments:
    """Reads the values of one command line."""

    def __init__(self, description: Description, parts: Sequence[Part], read_stdin: Callable[[str], str]) -> None:
        self._description, self._parts, self._read_stdin = description, parts, read_stdin
        self._files: dict[Path, str] = {}

    def read(
        self, names: Sequence[str], values: Mapping[str, Value], parts: Mapping[tuple[str, ...], Value], output: str
    ) -> Request:
        """Return the request. `names` are inputs without an option. Raises Stop if something is wrong."""
        given = {**assign(self._description, names, values), **values}
        body = format_of(self._description, output) | {
            option.field: self._value(option, given[option.field])
            for option in self._description.options
            if option.field in given
        }
        for path, value in parts.items():
            self._set(body, path, value)
        operation = self._validate(body)
        artifacts = tuple(artifact.name for artifact in operation.artifacts())
        return Request(self._description.kind, body, self._files, artifacts)

    def _value(self, option: Option, value: Value) -> Any:
        if isinstance(value, bool):
            return value
        flag = option.flag
        if isinstance(value, str):
            value = self._text(option, value)
        try:
            return read_option(option, value, lambda name: self._file(name, flag))
        except ValueError as error:
            raise usage(f"{flag}: not valid JSON: {error}") from None

    def _text(self, option: Option, text: str) -> str:
        """Return the text of an option, which may be in a file or come from stdin."""
        if option.takes_files:
            return text
        if text == "-" and (option.takes_json or option.metavar == "TEXT"):
            return self._read_stdin(option.flag)
        if option.takes_json and text.startswith("@"):
            return _read_file(text[1:], option.flag)
        if option.field == "captions" and "\n" not in text and _is_meant_as_file(text):
            raise usage(
                f"{option.flag} takes the captions themselves; for the file {text} use --srt, or `-` and a pipe"
            )
        return text

    def _set(self, body: dict[str, Any], path: tuple[str, ...], value: Value) -> None:
        """Put one part of an object in its place. Text in place of the object becomes the field that it stands for."""
        target: dict[str, Any] = body
        for depth, name in enumerate(path[:-1], 1):
            found = target.get(name)
            if isinstance(found, str | Path):
                meant = text_field(path[:depth], list(self._parts))
                found = {meant: found} if meant else {}
            target[name] = found if isinstance(found, dict) else {}
            target = target[name]
        part = next(part for part in self._parts if part.path == path)
        target[path[-1]] = self._part(part, value)

    def _part(self, part: Part, value: Value) -> Any:
        if not isinstance(value, str):
            return value
        if part.path[-1].startswith("url_"):
            return self._file(value, part.flag)
        if part.is_flag and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        if part.shape.objects and value.startswith("{"):
            try:
                return json.loads(value)
            except ValueError as error:
                raise usage(f"{part.flag}: not valid JSON: {error}") from None
        return value

    def _file(self, name: str, flag: str) -> str | Path:
        """Return a URL as it is, and the path of a file that exists. Raises Stop."""
        if is_url(name):
            return name
        path = Path(name)
        if not path.exists():
            raise usage(f"{flag}: there is no file {name}")
        if not path.is_file():
            raise usage(f"{flag}: {name} is a folder, a device or a pipe; name a file")
        if not os.access(path, os.R_OK):
            raise usage(f"{flag}: no permission to read {name}")
        if not path.stat().st_size:
            raise usage(f"{flag}: {name} is empty")
        self._files[path] = flag
        return path

    def _validate(self, body: Mapping[str, Any]) -> Operation:
        try:
            return OPERATIONS[self._description.kind].model_validate(_with_placeholders(body))
        except ValidationError as error:
            found = [describe_problem(self._description, item["loc"], item["msg"]) for item in error.errors()]
            raise usage("; ".join(dict.fromkeys(found))) from None


def assign(description: Description, names: Sequence[str], values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields of inputs that were named without an option. Raises Stop if one has no place.

    If the operation takes a list of files, all are in it, unless there is one and a field for it alone. Others go to
    the field of their kind, as their names show it, else to the first that is free.
    """
    if not names:
        return {}
    several = next((option for option in description.options if option.is_list_of_files), None)
    single = [option for option in description.options if option.role is not None and option.field not in values]
    if several is not None and several.field not in values:
        kin = several.field.removesuffix("s")
        alone = next((option for option in single if option.field == f"url_{kin}"), None)
        if alone is not None and len(names) == 1 and not names[0].lstrip().startswith(("{", "[")):
            return {alone.field: names[0]}
        return {several.field: list(names)}
    assigned: dict[str, Value] = {}
    for name in names:
        free = [option for option in single if option.field not in assigned]
        option = next((option for option in free if option.role is role_of(name)), next(iter(free), None))
        if option is None:
            raise usage(f"{name}: there is no input left for this file; name inputs by their options")
        assigned[option.field] = name
    return assigned


def role_of(name: str) -> Role | None:
    """Return the kind of a file, as its name shows it."""
    path = name.partition("?")[0]
    if Path(path).suffix.lower() in _SUBTITLES:
        return Role.SUBTITLES
    kind = (mimetypes.guess_type(path)[0] or "").partition("/")[0]
    return {"video": Role.VIDEO, "audio": Role.AUDIO, "image": Role.IMAGE}.get(kind)


def is_url(text: str) -> bool:
    """Return True for what is not the name of a file: a URL, or the name of an upload."""
    return "://" in text or text.startswith("upload:")


def _with_placeholders(value: Any) -> Any:
    if isinstance(value, Path) or (isinstance(value, str) and value.startswith("upload:")):
        return _PLACEHOLDER
    if isinstance(value, Mapping):
        return {name: _with_placeholders(entry) for name, entry in value.items()}
    return [_with_placeholders(entry) for entry in value] if isinstance(value, list) else value


def _is_meant_as_file(text: str) -> bool:
    """Return True for the name of a file that exists, and for one word that ends as subtitles do."""
    suffix = Path(text).suffix
    try:
        return bool(suffix) and ((suffix.lower() in _SUBTITLES and " " not in text) or Path(text).is_file())
    except (OSError, ValueError):
        return False


def _read_file(name: str, flag: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise usage(f"{flag}: the file {name} cannot be read") from None
