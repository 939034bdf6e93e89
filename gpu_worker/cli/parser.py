"""The command line, derived from the operations: its options, its help, and the operation that it requests."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contract.operations import OPERATIONS, Operation, Role
from contract.operations.describe import Description, Option, describe
from contract.operations.stored import stored_field

PROGRAM = "python -m gpu_worker"
_PLACEHOLDER = "https://local.invalid/file"
"""The models name inputs by URL; local files are put in place, so nothing is downloaded."""

_EXIT_CODES = """\
exit codes:
  0    the result is written
  1    it could not be made; the reason is the last line on stderr
  2    the command line is wrong; nothing was started
  130  Ctrl-C (143 SIGTERM, 129 SIGHUP): nothing is left, an older output is kept"""

_DESCRIPTION = """\
Run one operation on local files; nothing is sent anywhere. A video is an MP4 (H.264, AAC).
Without an operation, run as a RunPod worker."""

_ENVIRONMENT = f"""\
environment:
  FFMPEG     the ffmpeg to use, 7.1 or newer (default: the one installed with this project, else that on PATH)
  WORK_DIR   folder for temporary files (default: TMPDIR or /tmp)
  WHISPER_MODEL  directory of a speech model, for captions of what is said

`{PROGRAM} OPERATION --help` lists the options of an operation."""


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed command line: the operation, its input files, and the file to write.

    `texts` are the inputs that are in the command line itself.
    """

    description: Description
    operation: Operation
    files: Mapping[Option, Path]
    texts: Mapping[Role, bytes]
    output: str


def parse(argv: Sequence[str]) -> tuple[argparse.ArgumentParser, Request]:
    """Read a command line. The returned parser is that of the operation: its `error` exits with code 2."""
    descriptions = [describe(model) for model in OPERATIONS.values()]
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"{_example(descriptions[0])}\n\n{_EXIT_CODES}\n\n{_ENVIRONMENT}",
    )  # fmt: skip
    commands = parser.add_subparsers(dest="kind", required=True, metavar="OPERATION", title="operations")
    parsers = {description.kind: (_add_command(commands, description), description) for description in descriptions}
    values = vars(parser.parse_args(argv))
    parser, description = parsers[values["kind"]]
    given = {option: values[option.field] for option in description.options if values[option.field] is not None}
    body = {
        option.field: _PLACEHOLDER if option.role else _read(parser, option, text) for option, text in given.items()
    }
    try:
        operation, texts = OPERATIONS[description.kind].model_validate(body).extract_inline()
    except ValidationError as error:
        parser.error("; ".join(_sentence(description, item["loc"], item["msg"]) for item in error.errors()))
    files = {option: Path(value) for option, value in given.items() if option.role}
    roles = {stored_field(item.url): item.role for item in operation.inputs()}
    found = {roles[field]: data for field, data in texts.items()}
    return parser, Request(description, operation, files, found, values["output"])


def _read(parser: argparse.ArgumentParser, option: Option, text: str) -> Any:
    """Return the value of an option. Exits with code 2 if it is JSON that cannot be read."""
    if not option.takes_json or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        parser.error(f"{option.flag}: not valid JSON: {error}")


def _sentence(description: Description, where: tuple[int | str, ...], message: str) -> str:
    """Describe one validation error in the terms of the command line."""
    own = description.with_flags(message.removeprefix("Value error, "))
    for option in description.options:
        if where[:1] == (option.field,) and option.takes_json:
            return f"{option.flag}: {'.'.join(map(str, where[1:]))}: {own}".replace(": : ", ": ")
        if where[:1] == (option.field,):
            return f"{option.flag}: give {option.expected}"
    return own


def _add_command(commands: Any, description: Description) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        description.kind, help=description.summary[0].lower() + description.summary[1:], allow_abbrev=False,
        description=f"{description.summary}.\n{description.with_flags(description.details)}",
        epilog=f"{_example(description)}\n\n{_EXIT_CODES}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    for option in description.options:
        parser.add_argument(
            option.flag, dest=option.field, required=option.required, metavar=option.metavar,
            help=option.help.replace("%", "%%"),
        )  # fmt: skip
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE",
        help=f"the {_ending(description)[1:].upper()} to write; further files get its name with their own endings; "
        "existing files are replaced at the end",
    )  # fmt: skip
    return parser


def _example(description: Description) -> str:
    arguments = " ".join(description.example_arguments())
    return f"example:\n  {PROGRAM} {description.kind} {arguments} -o {description.kind}{_ending(description)}"


def _ending(description: Description) -> str:
    """Return the ending of the main file, such as `.mp4`."""
    main = OPERATIONS[description.kind].model_validate(description.example).artifacts()[0]
    return Path(main.name).suffix
