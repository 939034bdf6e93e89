"""The reference of the command line in docs/cli.md, read from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from api_gpu.cli.app import ENTRIES, PROGRAM
from api_gpu.cli.deferred import Entry, build
from api_gpu.cli.operations.job_options import JobOptions
from api_gpu.cli.session import Common

_SHARED = {entry.name for entry in fields(Common)}
_OF_JOBS = {entry.name for entry in fields(JobOptions)}


def render_reference() -> str:
    """Return the reference in Markdown."""
    operation = build(ENTRIES[0])
    lines = [
        "### Operations",
        "",
        "Each operation takes its fields as options, linked below: `url_video` is `--video`, `subtitle_mode` is",
        "`--subtitle-mode`, and a field of an object is `--style.size` or `--music.ducking.amount-db`.",
        "",
        "| command | fields | example |",
        "|---|---|---|",
        *(_operation(entry) for entry in ENTRIES if not entry.function and not entry.entries),
        "",
        "All of them also take:",
        "",
        *_table(parameter for parameter in operation.params if parameter.name in _OF_JOBS),
        "",
        "### Options of every command",
        "",
        *_table(parameter for parameter in operation.params if parameter.name in _SHARED),
    ]
    for entry in ENTRIES:
        if entry.function or entry.entries:
            lines += _section(entry, PROGRAM)
    return "\n".join(lines) + "\n"


def _operation(entry: Entry) -> str:
    summary = build(entry).help.split("Example: ")[-1]
    return f"| `{entry.name}` | [{entry.name}](fields.md#{entry.name}) | `{summary.replace('|', chr(92) + '|')}` |"


def _section(entry: Entry, above: str) -> Iterator[str]:
    command, name = build(entry), f"{above} {entry.name}"
    own = [it for it in command.params if it.name not in _SHARED | {"help"} and not it.hidden]
    if entry.function:
        arguments = [str(it.metavar) for it in own if _is_argument(it)]
        text = " ".join((command.help or entry.summary).split()) if not entry.entries else f"{entry.summary}."
        yield from ("", f"### {' '.join([name, *arguments])}", "", text)
        options = [it for it in own if not _is_argument(it)]
        if options:
            yield from ("", *_table(options))
    for below in entry.entries:
        yield from _section(below, name)


def _table(parameters: Iterable[Any]) -> Iterator[str]:
    yield from ("| option | |", "|---|---|")
    for parameter in parameters:
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        value = f" `{parameter.metavar}`" if parameter.metavar else ""
        yield f"| {names}{value} | {parameter.help} |".replace("FILE|FOLDER", "FILE\\|FOLDER")


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")
