"""The program: its commands in groups, and what can stand before their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from api_gpu.cli.command import shared_parameters
from api_gpu.cli.deferred import CONTEXT, Entry, Group, fill
from api_gpu.cli.exits import MEANINGS
from api_gpu.cli.session import World
from api_gpu.version import own_version
from contract.documentation.describe import summary_of
from contract.operations import OPERATIONS

PROGRAM = "api-gpu"
_SUMMARY_LENGTH = 62


def _shorten(summary: str) -> str:
    """Return a summary that fits beside the names of commands on 80 columns."""
    return summary if len(summary) <= _SUMMARY_LENGTH else summary[:_SUMMARY_LENGTH].rpartition(" ")[0] + "…"


_OPERATIONS = tuple(Entry(kind, _shorten(summary_of(model)), panel="Make") for kind, model in OPERATIONS.items())

JOBS, MORE, SETTINGS = "Jobs", "Callbacks, costs, fonts", "Settings"
ENTRIES = (
    *_OPERATIONS,
    Entry("jobs", "List your jobs, newest first", "jobs:list_jobs", panel=JOBS),
    Entry("job", "Show one job", "jobs:show_job", panel=JOBS),
    Entry("wait", "Wait for a job and save its files", "jobs:wait", panel=JOBS),
    Entry("cancel", "Cancel jobs", "jobs:cancel", panel=JOBS),
    Entry("download", "Save the files of a finished job", "files:download", panel=JOBS),
    Entry("open", "Open the result of a job in the browser", "files:open_job", panel=JOBS),
    Entry("share", "Make a link to the result that needs no key", "files:share", panel=JOBS),
    Entry("unshare", "End all links to the result that were shared", "files:unshare", panel=JOBS),
    Entry("upload", "Upload files; prints what to send in place of a URL", "files:upload", panel=JOBS),
    Entry("webhooks", "Forward, test, list and resend callbacks", panel=MORE, entries=(
        Entry("listen", "Forward deliveries to a program on this machine", "webhooks:listen"),
        Entry("test", "Send a signed test delivery now and show the answer", "webhooks:send_test"),
        Entry("deliveries", "List what was sent, newest first", "webhooks:deliveries"),
        Entry("resend", "Send the callback of a finished job again", "webhooks:resend"),
        Entry("default", "Show or set the URL for jobs that name none", "webhooks:default"),
    )),
    Entry("cost", "Show what your jobs have cost", "cost:cost", panel=MORE, entries=(
        Entry("plan", "Find the cheapest setup for a load", "plan:plan_cost"),
    )),
    Entry("fonts", "List the presets and fonts of captions", "files:fonts", panel=MORE),
    Entry("login", "Store the address of the API and a key", "account:login", panel=SETTINGS),
    Entry("logout", "Remove the stored key", "account:logout", panel=SETTINGS),
    Entry("whoami", "Show which API and which key are used", "account:whoami", panel=SETTINGS),
    Entry("config", "Show and change the stored settings", panel=SETTINGS, entries=(
        Entry("list", "Show the settings in force", "config:list_settings"),
        Entry("get", "Print one setting", "config:get"),
        Entry("set", "Store a setting", "config:set_value"),
        Entry("unset", "Remove a setting", "config:unset"),
        Entry("path", "Print the place of the file", "config:show_path"),
    )),
    Entry("doctor", "Check the address, the key, the clock, RunPod and uploads", "doctor:doctor", panel=SETTINGS),
)  # fmt: skip

_OWN_HELP = {"install_completion": "set up completion in this shell", "show_completion": "print its script"}
_EPILOG = "Exit codes: " + " · ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items())


def create_app() -> Group:
    """Return the program, for typer's runner and for the shell."""
    app = typer.Typer(
        name=PROGRAM, cls=Group, add_completion=True, rich_markup_mode="rich", context_settings=CONTEXT,
        no_args_is_help=True, pretty_exceptions_enable=False, epilog=_EPILOG,
    )  # fmt: skip
    app.callback()(_with_shared_options(_start))
    group = fill(app, ENTRIES)
    options: list[Any] = group.params
    for option in options:
        option.help = _OWN_HELP.get(option.name, option.help)
    return group


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {own_version()}")
        raise typer.Exit


def _start(
    ctx: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", help="print the version", is_eager=True, callback=_print_version)
    ] = False,
    **common: Any,
) -> None:
    """Make videos with api-gpu: local files in, a finished file out.

    api-gpu slideshow *.jpg --audio voice.mp3 --captions auto -o short.mp4
    """
    world = ctx.obj if isinstance(ctx.obj, World) else World()
    ctx.obj = {"world": world, "common": common}


def _with_shared_options(function: Callable[..., None]) -> Callable[..., None]:
    """Let the options of every command stand before its name, too, without taking room in the help."""
    own = [it for it in signature(function, eval_str=True).parameters.values() if it.kind is not Parameter.VAR_KEYWORD]

    @wraps(function)
    def run(*arguments: Any, **values: Any) -> None:
        function(*arguments, **values)

    run.__signature__ = Signature([*own, *shared_parameters(hidden=True)])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run
