"""The options of commands that submit a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from inspect import Parameter
from typing import Annotated, Any, get_type_hints

import typer

from api_gpu.cli.exits import usage
from contract.events import EventType

PANEL = "Job"


def _option(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=settings.pop("panel", PANEL), **settings)


@dataclass(frozen=True, slots=True)
class JobOptions:
    """Options for the submit of a job and for its files."""

    output: Annotated[
        str | None,
        _option("-o", "--output", metavar="FILE|FOLDER", help="where to save; others get its name and their endings"),
    ] = None
    force: Annotated[bool, _option("-f", "--force", help="replace files that exist")] = False
    no_wait: Annotated[bool, _option("--no-wait", help="print the job's id and leave")] = False
    no_download: Annotated[bool, _option("--no-download", help="print the URL in place of saving the file")] = False
    dry_run: Annotated[bool, _option("--dry-run", help="check the request and estimate its cost; no job")] = False
    open_file: Annotated[bool, _option("--open", help="open the file when it is saved")] = False
    timeout: Annotated[float | None, _option("--timeout", metavar="SECONDS", help="wait no longer")] = None
    watch: Annotated[bool, _option("--watch", help="with --json: a line for each step")] = False
    cancel_on_interrupt: Annotated[bool, _option("--cancel-on-interrupt", help="Ctrl-C cancels the job, too")] = False
    idempotency_key: Annotated[
        str | None, _option("--idempotency-key", metavar="TEXT", help="the same key never makes a second job")
    ] = None
    webhook_url: Annotated[
        str | None, _option("--webhook-url", metavar="URL", help="called at the end; listen:URL for webhooks listen")
    ] = None
    webhook_events: Annotated[
        str | None, _option("--webhook-events", metavar="NAMES", help="such as completed,failed,progress; '' for none")
    ] = None
    metadata: Annotated[
        list[str] | None, _option("--metadata", metavar="KEY=VALUE", help="kept with the job; repeatable")
    ] = None

    def submit_fields(self) -> dict[str, Any]:
        """Return the fields of the request that every operation has. Raises Stop."""
        body: dict[str, Any] = {}
        if self.webhook_url is not None:
            body["webhook_url"] = self.webhook_url
        if self.webhook_events is not None:
            body["webhook_events"] = split_events(self.webhook_events, "--webhook-events")
        if self.metadata:
            body["metadata"] = dict(map(read_pair, self.metadata))
        return body


def job_parameters() -> list[Parameter]:
    """Return the options as parameters of a command."""
    hints = get_type_hints(JobOptions, include_extras=True)
    return [
        Parameter(entry.name, Parameter.KEYWORD_ONLY, default=entry.default, annotation=hints[entry.name])
        for entry in fields(JobOptions)
    ]


def read_job_options(values: dict[str, Any]) -> JobOptions:
    """Take the options out of the values of a command."""
    return JobOptions(**{entry.name: values.pop(entry.name) for entry in fields(JobOptions)})


def read_pair(text: str) -> tuple[str, str]:
    """Return the key and the value of "key=value". Raises Stop."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise usage(f"--metadata {text}: give KEY=VALUE")
    return name.strip(), value


def split_events(text: str, flag: str, *, also: Sequence[str] = ()) -> list[str]:
    """Return the types of events in a list with commas, where `job.` may be left out. Raises Stop for unknown ones.

    `also` are types that no job has.
    """
    known = {event.removeprefix("job."): str(event) for event in (*EventType, *also)}
    given = [name.lower().removeprefix("job.") for name in text.replace(",", " ").split()]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise usage(f"{flag}: there is no event {unknown[0]}; choose from {', '.join(known)}")
    return [known[name] for name in given]
