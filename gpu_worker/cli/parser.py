"""The command line, derived from the operations: its options, its help, and the operation that it requests."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contract.documentation.command_line import describe_problem, format_of, main_ending, read_option
from contract.documentation.describe import Description, Option, describe
from contract.operations import OPERATIONS, Operation
from contract.options.stored import stored_field

PROGRAM = "python -m gpu_worker"
_PLACEHOLDER = "https://local.invalid/"
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
    """A parsed command line: the operation, its input files by their fields, and the file to write.

    `texts` are the inputs that are in the command line itself, by the fields of the files that they become.
    """

    description: Description
    operation: Operation
    files: Mapping[str, Path]
    texts: Mapping[str, bytes]
    output: str

    def flag(self, field: str) -> str:
        """Return the option that names an input: `--images` for `images.2.url_image`."""
        top = field.partition(".")[0]
        return next(option.flag for option in self.description.options if option.field == top)


class _Files:
    """Input files and the URLs that stand for them in an operation."""

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}

    def add(self, name: str) -> str:
        """Return the URL that stands for a file."""
        url = f"{_PLACEHOLDER}{len(self.paths)}"
        self.paths[url] = Path(name)
        return url


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
    files = _Files()
    body = format_of(description, values["output"])
    body |= {option.field: _read(parser, option, value, files) for option, value in given.items()}
    try:
        operation, texts = OPERATIONS[description.kind].model_validate(body).extract_inline()
    except ValidationError as error:
        parser.error("; ".join(describe_problem(description, item["loc"], item["msg"]) for item in error.errors()))
    paths = {given.field: files.paths[given.url] for given in operation.inputs() if given.url in files.paths}
    stored = {stored_field(given.url): given.field for given in operation.inputs()}
    found = {stored[field]: data for field, data in texts.items()}
    return parser, Request(description, operation, paths, found, values["output"])


def _read(parser: argparse.ArgumentParser, option: Option, value: str | list[str], files: _Files) -> Any:
    """Return the value of an option. Exits with code 2 if it is JSON that cannot be read."""
    try:
        return read_option(option, value, files.add)
    except ValueError as error:
        parser.error(f"{option.flag}: not valid JSON: {error}")


def _add_command(commands: Any, description: Description) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        description.kind, help=description.summary[0].lower() + description.summary[1:], allow_abbrev=False,
        description=f"{description.summary}.\n{description.with_flags(description.details)}",
        epilog=f"{_example(description)}\n\n{_EXIT_CODES}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    for option in description.options:
        parser.add_argument(
            option.flag, dest=option.field, required=option.required, metavar=option.metavar,
            nargs="+" if option.is_list_of_files else None,
            help=option.help.replace("%", "%%"),
        )  # fmt: skip
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE",
        help=f"the {main_ending(description)[1:].upper()} to write; further files get its name with their own endings; "
        "several with one ending are numbered; existing files are replaced at the end",
    )  # fmt: skip
    return parser


def _example(description: Description) -> str:
    arguments = shlex.join(description.example_arguments())
    return f"example:\n  {PROGRAM} {description.kind} {arguments} -o {description.kind}{main_ending(description)}"
