"""Wait for a job and save its files; Ctrl-C leaves the job running."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from api_gpu import APIConnectionError, ApiGpuError, Job, JobFailed, WaitTimeout
from api_gpu.cli.exits import Code, Stop
from api_gpu.cli.output.files import check_files, partial_name, plan_files, publish
from api_gpu.cli.output.progress import Progress
from api_gpu.cli.output.units import duration, money
from api_gpu.cli.session import Session
from contract.documentation.command_line import is_folder_name


class Saving(Protocol):
    """The place for the files of a job."""

    @property
    def output(self) -> str | None: ...
    @property
    def force(self) -> bool: ...
    @property
    def no_download(self) -> bool: ...
    @property
    def open_file(self) -> bool: ...
    @property
    def watch(self) -> bool: ...


def follow(
    session: Session, job: Job, progress: Progress, *, timeout: float | None, cancel_on_interrupt: bool = False
) -> None:
    """Wait until the job has finished. Raises Stop if the wait ends earlier."""
    began = session.world.clock()
    try:
        job.wait(timeout=timeout, on_progress=lambda it: progress.job(it.data))
    except WaitTimeout:
        progress.close()
        session.console.say(f"still running: api-gpu wait {job.id}")
        raise Stop(Code.STILL_RUNNING, f"{job.id} had not finished after {timeout:g} s") from None
    except KeyboardInterrupt:
        progress.close()
        raise _interrupted(session, job, cancel=cancel_on_interrupt) from None
    finally:
        progress.close()
    cost = (job.data.get("cost") or {}).get("gpu_usd")
    price = f", {money(cost)}" if cost else ""
    session.console.detail(f"{job.id} finished after {duration(session.world.clock() - began)}{price}")


def _interrupted(session: Session, job: Job, *, cancel: bool) -> Stop:
    if cancel:
        try:
            job.cancel()
        except ApiGpuError as error:
            session.console.warn(f"{job.id} was not cancelled: {error}")
        else:
            session.console.warn(f"cancelled: {job.id}")
            return Stop(Code.INTERRUPTED, problem="interrupted")
    session.console.warn(f"still running: api-gpu wait {job.id}")
    return Stop(Code.INTERRUPTED, problem="interrupted")


def finish(session: Session, job: Job, options: Saving) -> None:
    """Print and save what a finished job made. Raises JobFailed."""
    console = session.console
    for warning in (job.data.get("execution") or {}).get("warnings") or ():
        console.say(f"note: {warning}")
    if job.status != "COMPLETED":
        _print_job(session, job, [], watch=options.watch)
        raise JobFailed(job)
    if options.no_download:
        _print_job(session, job, [], watch=options.watch)
        return
    saved = save(session, job, options.output, force=options.force)
    _print_job(session, job, saved, watch=options.watch)
    if options.open_file and saved:
        session.world.open_page(saved[0].resolve().as_uri())


def save(session: Session, job: Job, output: str | None, *, force: bool, artifact: str | None = None) -> list[Path]:
    """Download the files of a job, or one of them. Raises Stop if a file exists and `force` is not set."""
    names = [str(entry["name"]) for entry in choose_artifacts(job, artifact)]
    targets = plan_files(output, names)
    makes_folder = output is not None and is_folder_name(output)
    check_files(targets.values(), [], force=force, makes_folder=makes_folder)
    partials: dict[Path, Path] = {}
    progress = Progress(session.console, session.world.clock)
    goes_on = False
    try:
        for name, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            partials[target] = partial_name(target, job.id)
            job.download(partials[target], artifact=name, on_progress=progress.download)
        publish(partials, force=force)
    except KeyboardInterrupt:
        goes_on = True
        where = "" if output is None else f" -o {shlex.quote(output)}"
        sentence = f"interrupted; the job has finished: `api-gpu download {job.id}{where}` goes on with its files"
        raise Stop(Code.INTERRUPTED, sentence, problem="interrupted") from None
    except APIConnectionError:
        goes_on = True
        raise
    finally:
        progress.close()
        for partial in partials.values():
            partial.unlink(missing_ok=True)
            if not goes_on:
                # Where the client puts what has not arrived whole, and continues.
                partial.with_name(partial.name + ".part").unlink(missing_ok=True)
    return list(targets.values())


def choose_artifacts(job: Job, name: str | None) -> list[Mapping[str, Any]]:
    """Return the files of a job, or the one with this name. Raises Stop."""
    found = [entry for entry in job.artifacts if name in (None, entry["name"])]
    if not found:
        there = ", ".join(str(entry["name"]) for entry in job.artifacts)
        sentence = f"{job.id} has no file {name}; it has {there}" if there else f"{job.id} has no files"
        raise Stop(Code.NOT_FOUND, sentence, problem="not_found")
    return found


def _print_job(session: Session, job: Job, saved: list[Path], *, watch: bool) -> None:
    console = session.console
    files = [str(path) for path in saved]
    if console.is_json:
        answer: Mapping[str, Any] = {**job.data, "files": files}
        if watch:
            console.json_line({"event": "finished", "job": answer})
        else:
            console.json(answer)
        return
    for name in files:
        console.data(name)
    if not files and job.status == "COMPLETED":
        urls = [str(entry["url"]) for entry in job.artifacts]
        console.data(next(iter(urls), job.id))
