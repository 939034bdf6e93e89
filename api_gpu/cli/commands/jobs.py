"""Jobs: list them, look at one, wait for it, cancel it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any

import typer

from api_gpu import Job
from api_gpu.cli.exits import Code, Stop
from api_gpu.cli.operations.follow import finish, follow
from api_gpu.cli.operations.job_options import read_pair
from api_gpu.cli.output.progress import Progress
from api_gpu.cli.output.units import age, money, utc_now
from api_gpu.cli.session import Session

JobId = Annotated[str, typer.Argument(metavar="JOB", help="the id of the job", show_default=False)]
Output = Annotated[str | None, typer.Option("-o", "--output", metavar="FILE|FOLDER", help="where to save")]
Force = Annotated[bool, typer.Option("-f", "--force", help="replace files that exist")]


def list_jobs(
    session: Session,
    state: Annotated[str | None, typer.Option("--state", metavar="LIST", help="such as failed,timed_out")] = None,
    operation: Annotated[str | None, typer.Option("--operation", metavar="NAME", help="such as slideshow")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help="with this entry; repeatable")
    ] = None,
    created_after: Annotated[
        str | None, typer.Option("--created-after", metavar="TIME", help="2026-11-30 or RFC 3339")
    ] = None,
    created_before: Annotated[
        str | None, typer.Option("--created-before", metavar="TIME", help="2026-11-30 or RFC 3339")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="at most N")] = 20,
) -> None:
    """List your jobs, newest first."""
    wanted = dict(map(read_pair, metadata)) if metadata else None
    found: Iterable[Job] = session.client.jobs(
        state=state.upper().replace(",", " ").split() if state else None, operation=operation, metadata=wanted,
        created_after=created_after, created_before=created_before, limit=limit,
    )  # fmt: skip
    jobs = [job.data for job in islice(found, limit)]
    if session.console.is_json:
        session.console.json({"jobs": jobs})
        return
    session.console.table(("JOB", "OPERATION", "STATE", "AGE", "PROGRESS", "COST"), [_row(job) for job in jobs])
    if not jobs:
        session.console.say("no jobs")


def show_job(session: Session, job: JobId) -> None:
    """Show one job."""
    data = session.client.job(job).data
    if session.console.is_json:
        session.console.json(data)
        return
    rows = [(name, str(data[name])) for name in ("job_id", "operation", "status", "created_at") if data.get(name)]
    progress = data.get("progress") or {}
    if progress.get("stage"):
        rows.append(("progress", f"{progress.get('percent', 0)} %, {progress['stage']}"))
    error = data.get("error")
    if error:
        rows.append(("error", f"{error.get('message')} ({error.get('code')})"))
    cost = data.get("cost") or {}
    if cost.get("gpu_usd") is not None:
        rows.append(("cost", f"{money(cost['gpu_usd'])} for {cost.get('billed_seconds', 0):g} s ({cost.get('basis')})"))
    if data.get("callback"):
        rows.append(("callback", str(data["callback"].get("status"))))
    rows += [("file", str(entry["name"])) for entry in data.get("artifacts") or ()]
    session.console.table(("FIELD", "VALUE"), rows)


def wait(
    session: Session,
    job: JobId,
    output: Output = None,
    force: Force = False,
    no_download: Annotated[bool, typer.Option("--no-download", help="print the URL in place of saving")] = False,
    open_file: Annotated[bool, typer.Option("--open", help="open the file when it is saved")] = False,
    timeout: Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", help="wait no longer")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="with --json: a line for each step")] = False,
    cancel_on_interrupt: Annotated[
        bool, typer.Option("--cancel-on-interrupt", help="Ctrl-C cancels the job, too")
    ] = False,
) -> None:
    """Wait for a job and save its files."""
    found = session.client.job(job)
    progress = Progress(session.console, session.world.clock, as_json=session.console.is_json and watch)
    follow(session, found, progress, timeout=timeout, cancel_on_interrupt=cancel_on_interrupt)
    finish(session, found, Saved(output, force, no_download, open_file, watch))


def cancel(session: Session, jobs: Annotated[list[str], typer.Argument(metavar="JOB...", show_default=False)]) -> None:
    """Cancel jobs."""
    answers: list[Any] = []
    for job_id in jobs:
        job = session.client.job(job_id)
        job.cancel()
        answers.append(job.data)
        if not session.console.is_json:
            session.console.data(job_id)
    if session.console.is_json:
        session.console.json({"jobs": answers})


def _row(job: dict[str, Any]) -> tuple[str, ...]:
    progress, cost = job.get("progress") or {}, (job.get("cost") or {}).get("gpu_usd")
    percent = progress.get("percent")
    return (
        str(job.get("job_id", "")), str(job.get("operation", "")), str(job.get("status", "")),
        age(job.get("created_at"), utc_now()), "" if percent is None else f"{percent} %",
        "" if cost is None else money(cost),
    )  # fmt: skip


class Saved:
    """The place for the files of an existing job."""

    def __init__(
        self, output: str | None, force: bool, no_download: bool = False, open_file: bool = False, watch: bool = False
    ) -> None:
        self.output, self.force, self.no_download = output, force, no_download
        self.open_file, self.watch = open_file, watch


def need_finished(job: Job) -> None:
    """Raise Stop if the job still runs."""
    if not job.is_finished:
        raise Stop(Code.STILL_RUNNING, f"the job still runs; `api-gpu wait {job.id}` waits for it")
