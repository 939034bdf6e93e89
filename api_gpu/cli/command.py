"""Make commands of functions that take a `Session`: the shared options, errors as sentences, exit codes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_args, get_type_hints

import typer

from api_gpu.cli.errors import describe, report
from api_gpu.cli.exits import Code
from api_gpu.cli.output.console import standard_streams
from api_gpu.cli.session import Common, open_session


def as_command(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function for typer: with the shared options in place of the session, and never a traceback."""
    own = [entry for entry in signature(function, eval_str=True).parameters.values() if entry.name != "session"]
    return make_command(function, own)


def make_command(function: Callable[..., None], own: list[Parameter]) -> Callable[..., None]:
    """Return a function for typer that has the options `own`, besides the shared ones."""

    def run(ctx: typer.Context, **values: Any) -> None:
        if ctx.invoked_subcommand is not None:
            return
        above: Mapping[str, Any] = ctx.obj["common"]
        given = {entry.name: values.pop(entry.name) for entry in fields(Common)}
        common = Common(**{name: value or above.get(name, value) for name, value in given.items()})
        session = open_session(ctx.obj["world"], common, *standard_streams())
        try:
            function(session, **values)
        except (KeyboardInterrupt, EOFError, typer.Abort):
            # Also at a question that is not answered.
            raise typer.Exit(Code.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of stdout has gone, as `head` does; typer ends the program.
            raise
        except Exception as error:  # noqa: BLE001 - each becomes a sentence and an exit code
            failure = describe(error)
            if failure is None or common.verbose > 1:
                session.console.warn(traceback.format_exc().rstrip())
            raise typer.Exit(report(session.console, error, failure)) from None
        finally:
            session.close()

    context = Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    shown = [entry.replace(kind=Parameter.KEYWORD_ONLY) for entry in (*own, *shared_parameters())]
    run.__signature__ = Signature([context, *shown])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    run.__doc__, run.__name__, run.__module__ = function.__doc__, function.__name__, function.__module__
    return run


def shared_parameters(*, hidden: bool = False) -> list[Parameter]:
    """Return the options that every command has."""
    hints = get_type_hints(Common, include_extras=True)
    return [
        Parameter(
            entry.name, Parameter.KEYWORD_ONLY, default=entry.default, annotation=_shown(hints[entry.name], hidden)
        )
        for entry in fields(Common)
    ]


def _shown(annotation: Any, hidden: bool) -> Any:
    kind, option = get_args(annotation)
    changed = copy(option)
    changed.hidden = hidden
    return Annotated[kind, changed]
