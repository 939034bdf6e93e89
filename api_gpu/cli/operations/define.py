"""The options of an operation's command, read from its model, in groups."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from inspect import Parameter, get_annotations
from typing import Annotated, Any

import typer

from api_gpu.cli.command import make_command
from api_gpu.cli.operations.arguments import Arguments
from api_gpu.cli.operations.job_options import job_parameters, read_job_options
from api_gpu.cli.operations.run import run_operation
from api_gpu.cli.session import Session
from contract.documentation.describe import Description, Option, describe
from contract.documentation.parts import Part, parts_of
from contract.operations import OPERATIONS, Operation

_ROOMS = {"captions": "Captions", "sound": "Sound", "picture": "Picture", "output": "Result"}
"""Titles of groups by the module of `contract.options` that has the field."""
_SWITCH = "true|false"


def operation_command(kind: str) -> Callable[..., None]:
    """Return the function of an operation's command, for typer."""
    model = OPERATIONS[kind]
    description, parts = describe(model), parts_of(model)
    names = {name_of(option.field): option.field for option in description.options}
    part_names = {name_of("__".join(part.path)): part for part in parts}

    def run(session: Session, files: list[str], **values: Any) -> None:
        options = read_job_options(values)
        given = {field: values[name] for name, field in names.items() if values[name] not in (None, [])}
        changed = {part.path: values[name] for name, part in part_names.items() if values[name] is not None}
        reader = Arguments(description, parts, session.read_stdin)
        request = reader.read(files or [], given, changed, options.output or "")
        run_operation(session, request, options)

    run.__doc__ = _help(description)
    own = [_files(description), *(_option(option, model, parts) for option in description.options)]
    hidden = [_part(name, part) for name, part in part_names.items()]
    return make_command(run, [*own, *hidden, *job_parameters()])


def name_of(field: str) -> str:
    """Return the name of a parameter of Python for a field: a field may be called as the module's own things."""
    return f"field_{field}"


def _help(description: Description) -> str:
    details = description.with_flags(" ".join(description.details.split()))
    example = f"Example: api-gpu {description.kind} {_example(description)}"
    return "\n\n".join(filter(None, (f"{description.summary}.", details, example)))


def _example(description: Description) -> str:
    """Return the operation's example, with the first input, or the list of them, before the options."""
    groups: list[list[str]] = []
    for argument in description.example_arguments():
        if argument.startswith("--"):
            groups.append([])
        groups[-1].append(argument)
    inputs = {option.flag for option in description.options if option.role or option.is_list_of_files}
    switches = {option.flag for option in description.options if option.metavar == _SWITCH}
    groups = [group[:1] if group[0] in switches else group for group in groups]
    bare = [group for group in groups[:1] if group[0] in inputs and not group[1].startswith("[")]
    arguments = [*(value for group in bare for value in group[1:]), *(it for g in groups if g not in bare for it in g)]
    return shlex.join(arguments)


def _files(description: Description) -> Parameter:
    inputs = [option.flag for option in description.options if option.role or option.is_list_of_files]
    help_text = f"input files or URLs, in place of {' '.join(inputs)}"
    annotation = Annotated[list[str] | None, typer.Argument(metavar="FILE", help=help_text, show_default=False)]
    return Parameter("files", Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _option(option: Option, model: type[Operation], parts: Sequence[Part]) -> Parameter:
    settings: dict[str, Any] = {
        "help": _escape(_describe(option, parts)), "rich_help_panel": _panel(option, model), "show_default": False
    }  # fmt: skip
    if option.metavar == _SWITCH:
        off = "--no-" + option.flag.removeprefix("--")
        annotation: Any = Annotated[bool | None, typer.Option(f"{option.flag}/{off}", **settings)]
        return Parameter(name_of(option.field), Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
    if option.choices:
        settings["autocompletion"] = _completer(option.choices)
    kind: Any = list[str] | None if option.is_list_of_files else str | None
    annotation = Annotated[kind, typer.Option(option.flag, metavar=option.metavar, **settings)]
    return Parameter(name_of(option.field), Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _describe(option: Option, parts: Sequence[Part]) -> str:
    text = option.help
    if option.choices and not all(str(choice) in text for choice in option.choices):
        text += ": " + ", ".join(map(str, option.choices))
    if any(part.path[0] == option.field for part in parts):
        text += f"; parts as {option.flag}.NAME"
    return text


def _completer(choices: Sequence[str]) -> Callable[[str], list[str]]:
    return lambda incomplete: [choice for choice in choices if choice.startswith(incomplete)]


def _part(name: str, part: Part) -> Parameter:
    annotation = Annotated[str | None, typer.Option(part.flag, help=part.shape.description, hidden=True)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _panel(option: Option, model: type[Operation]) -> str:
    if option.role or option.takes_files:
        return "Input"
    owner = next((base for base in model.__mro__ if option.field in get_annotations(base)), model)
    rooms = owner.__module__.split(".")
    return next((title for room, title in _ROOMS.items() if room in rooms), "Options")


def _escape(text: str) -> str:
    """Return text that rich prints as it is."""
    return text.replace("[", "\\[")
