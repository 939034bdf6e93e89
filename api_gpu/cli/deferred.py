"""Commands whose modules are imported only when they run: the help of the program stays quick."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from api_gpu.cli.command import as_command
from api_gpu.cli.exits import Code
from api_gpu.cli.operations.define import operation_command

CONTEXT = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of a group.

    `function` is "module:function" within `api_gpu.cli.commands`; without it, `name` is an operation. If there are
    `entries`, they are the commands of a group, and the function runs without one of them.
    """

    name: str
    summary: str
    function: str = ""
    entries: tuple[Entry, ...] = ()
    panel: str = ""


class _PlainHelp:
    """Shows `--help` as it shows other flags, without a type."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.metavar, option.help = "", "show this text"
        return option


class Command(_PlainHelp, TyperCommand):
    """A command that was made."""


class Deferred(TyperCommand):
    """Stands in the list of commands for one that is made when it is called."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, help=entry.summary, rich_help_panel=entry.panel or None)
        self._entry = entry

    def load(self) -> Any:
        """Return the command itself."""
        return build(self._entry)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Return the context of the command itself, which runs in it."""
        return self.load().make_context(info_name, args, parent, **extra)


class Group(_PlainHelp, TyperGroup):
    """A group of deferred commands."""

    def run(self, args: Sequence[str] | None = None, **extra: Any) -> NoReturn:
        """Run the program and exit: mistakes in the command line become one line in place of a box."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            code = self.main(given, standalone_mode=False, **extra)
        except TyperException as mistake:
            sys.exit(report_mistake(mistake, is_json="--json" in given))
        except typer.Abort:
            sys.exit(Code.INTERRUPTED)
        sys.exit(code if isinstance(code, int) else Code.OK)

    def add(self, entries: Iterable[Entry]) -> None:
        """Append commands."""
        for entry in entries:
            self.add_command(Deferred(entry), entry.name)


def report_mistake(mistake: TyperException, *, is_json: bool) -> int:
    """Print what is wrong with a command line, and how to get help. Returns the exit code."""
    context = getattr(mistake, "ctx", None)
    sentence = mistake.format_message()
    if context is None or not sentence.strip():
        # The help of a group that was called without a command.
        return Code.USAGE
    print(f"error: {sentence.rstrip('.')} (usage)\nhelp: {context.command_path} --help", file=sys.stderr)  # noqa: T201
    if is_json:
        print(json.dumps({"error": {"code": "usage", "detail": sentence, "exit_code": int(Code.USAGE)}}))  # noqa: T201
    return Code.USAGE


def build(entry: Entry) -> Any:
    """Return the command, or the group, of an entry."""
    function = load(entry.function) if entry.function else None
    if not entry.entries:
        app = _app()
        made = as_command(function) if function else operation_command(entry.name)
        app.command(entry.name, cls=Command, context_settings=CONTEXT)(made)
        return without_flag_types(typer.main.get_command(app))
    return build_group(entry.name, entry.summary, entry.entries, as_command(function) if function else None)


def build_group(name: str, summary: str, entries: Sequence[Entry], callback: Callable[..., None] | None) -> Any:
    """Return a group; `callback` runs before its commands, or without one of them."""
    app = typer.Typer(
        name=name, cls=Group, help=summary, add_completion=False, rich_markup_mode="rich", context_settings=CONTEXT,
        invoke_without_command=callback is not None, no_args_is_help=callback is None, pretty_exceptions_enable=False,
    )  # fmt: skip
    app.callback()(callback or _nothing)
    return fill(app, entries)


def fill(app: typer.Typer, entries: Iterable[Entry]) -> Group:
    """Return the group of an application whose class is `Group`, with these commands."""
    group = typer.main.get_command(app)
    if not isinstance(group, Group):
        raise TypeError("typer made another group")
    group.add(entries)
    without_flag_types(group)
    return group


def without_flag_types(command: Any) -> Any:
    """Remove `<bool>` behind the names of flags in the help. Returns the command."""
    for parameter in command.params:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return command


def load(name: str) -> Callable[..., None]:
    """Return the function "module:function" of `api_gpu.cli.commands`."""
    module, _, function = name.partition(":")
    found: Callable[..., None] = getattr(import_module(f"api_gpu.cli.commands.{module}"), function)
    return found


def _app() -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


def _nothing() -> None:
    pass
