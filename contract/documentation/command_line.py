"""Parts that all command lines share: values as JSON, names of files, and sentences about mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from contract.documentation.describe import Description, Option
from contract.operations import OPERATIONS

_MISSING = "Field required"
"""Pydantic's sentence."""


def read_option(option: Option, value: str | Sequence[str], name_file: Callable[[str], Any]) -> Any:
    """Return the JSON value of an option; `name_file` returns what stands for a file.

    Text that begins as an object or a list does is read as JSON where the option takes it; so is each text of several.
    Raises ValueError if it cannot be read.
    """
    texts = [value] if isinstance(value, str) else value
    if option.takes_json and len(texts) == 1 and texts[0].lstrip().startswith("["):
        return replace_files(json.loads(texts[0]), name_file, is_file=option.takes_files)
    read = [json.loads(text) if option.takes_json and text.lstrip().startswith("{") else text for text in texts]
    return replace_files(read[0] if isinstance(value, str) else read, name_file, is_file=option.takes_files)


def replace_files(value: Any, name_file: Callable[[str], Any], *, is_file: bool) -> Any:
    """Return JSON with what stands for files: for the text in its `url_` fields, and for other text if `is_file`."""
    if isinstance(value, str):
        return name_file(value) if is_file else value
    if isinstance(value, list):
        return [replace_files(entry, name_file, is_file=is_file) for entry in value]
    if isinstance(value, dict):
        return {name: replace_files(entry, name_file, is_file=name.startswith("url_")) for name, entry in value.items()}
    return value


def format_of(description: Description, output: str) -> dict[str, Any]:
    """Return the format that the name of the output states, if the operation has a choice of formats."""
    ending = Path(output).suffix.lower()
    has_choice = any(option.field == "format" and "webm" in option.choices for option in description.options)
    return {"format": ending[1:]} if has_choice and ending in {".webm", ".gif"} else {}


def describe_problem(description: Description, where: tuple[int | str, ...], message: str) -> str:
    """Describe one validation error in the terms of the command line."""
    own = description.with_flags(message.removeprefix("Value error, "))
    for option in description.options:
        if where == (option.field,) and message == _MISSING:
            return f"send {option.flag}: {option.expected}"
        if where[:1] == (option.field,) and option.takes_json:
            return f"{option.flag}: {'.'.join(map(str, where[1:]))}: {own}".replace(": : ", ": ")
        if where[:1] == (option.field,):
            return f"{option.flag}: give {option.expected}"
    return own


def main_ending(description: Description) -> str:
    """Return the ending of the main file, such as `.mp4`."""
    main = OPERATIONS[description.kind].model_validate(description.example).artifacts()[0]
    return Path(main.name).suffix


def output_names(name: str, artifacts: Sequence[str]) -> dict[str, str]:
    """Return the files to write as a person reads them, by the artifacts, which are names, the named one first.

    The option `name` is for the artifact with its ending, or else for the main one. Several artifacts with one ending
    are numbered: `name_1.jpg`, `name_2.jpg` and so on.
    """
    named = next((it for it in artifacts if _ending(it) == _ending(name)), artifacts[0])
    order = sorted(artifacts, key=lambda it: _ending(it) != _ending(named))
    endings = [_ending(it) for it in order]
    if is_folder_name(name):
        return {order[0]: name}
    names: dict[str, str] = {}
    for position, (artifact, ending) in enumerate(zip(order, endings, strict=True)):
        is_named = ending == _ending(named)
        target = name if is_named else str(Path(name).with_suffix(ending))
        if endings.count(ending) > 1:
            path, number = Path(target), endings[:position].count(ending) + 1
            target = str(path.with_name(f"{path.stem}_{number}{path.suffix}"))
        names[artifact] = target
    return names


def is_folder_name(name: str) -> bool:
    """Return True if the text can only name a folder."""
    return not name or name.endswith(("/", "/.", "/..")) or Path(name).name in {"", ".."}


def _ending(name: str) -> str:
    return Path(name).suffix.lower()
