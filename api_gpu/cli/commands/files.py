"""Files of jobs, uploads, links for others, and fonts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api_gpu import JobFailed
from api_gpu.cli.commands.jobs import Force, JobId, Output, need_finished
from api_gpu.cli.exits import usage
from api_gpu.cli.operations.follow import choose_artifacts, save
from api_gpu.cli.operations.uploads import upload_all
from api_gpu.cli.output.progress import Progress
from api_gpu.cli.session import Session


def download(
    session: Session,
    job: JobId,
    output: Output = None,
    force: Force = False,
    artifact: Annotated[str | None, typer.Option("--artifact", metavar="NAME", help="only this file")] = None,
    open_file: Annotated[bool, typer.Option("--open", help="open the file when it is saved")] = False,
) -> None:
    """Save the files of a finished job."""
    found = session.client.job(job)
    found.refresh()
    need_finished(found)
    if found.status != "COMPLETED":
        raise JobFailed(found)
    paths = save(session, found, output, force=force, artifact=artifact)
    files = [str(path) for path in paths]
    if session.console.is_json:
        session.console.json({"job_id": found.id, "files": files})
    else:
        for name in files:
            session.console.data(name)
    if open_file:
        session.world.open_page(paths[0].resolve().as_uri())


def open_job(
    session: Session,
    job: JobId,
    artifact: Annotated[str | None, typer.Option("--artifact", metavar="NAME", help="another file of it")] = None,
) -> None:
    """Open the result of a job in the browser."""
    found = session.client.job(job)
    found.refresh()
    need_finished(found)
    if found.status != "COMPLETED":
        raise JobFailed(found)
    url = str(choose_artifacts(found, artifact)[0]["url"])
    if session.console.is_json:
        session.console.json({"url": url})
    elif not session.world.open_page(url):
        session.console.warn("note: no browser was found")
        session.console.data(url)


def upload(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
) -> None:
    """Upload files; prints what to send in place of a URL."""
    for path in files:
        if not path.is_file():
            raise usage(f"{path} is no file; name a file" if path.exists() else f"there is no file {path}")
    progress = Progress(session.console, session.world.clock)
    try:
        done = upload_all(session.client, list(dict.fromkeys(files)), progress)
    finally:
        progress.close()
    if session.console.is_json:
        session.console.json({"uploads": [{"file": str(path), "upload": done[path]} for path in files]})
        return
    for path in files:
        session.console.data(done[path])


def share(
    session: Session,
    job: JobId,
    expires_in: Annotated[
        str | None, typer.Option("--expires-in", metavar="TIME", help="90, 2h or 7d; at most 30d (7d)")
    ] = None,
    artifact: Annotated[str | None, typer.Option("--artifact", metavar="NAME", help="another file of it")] = None,
) -> None:
    """Make a link to the result that needs no key."""
    seconds = None if expires_in is None else seconds_of(expires_in)
    answer = session.client.job(job).share(expires_in=seconds, artifact=artifact)
    if session.console.is_json:
        session.console.json(answer)
        return
    session.console.data(str(answer["url"]))
    session.console.say(f"until {answer.get('expires_at')}; `api-gpu unshare {job}` ends it")


def unshare(session: Session, job: JobId) -> None:
    """End all links to the result that were shared."""
    session.client.job(job).unshare()
    if session.console.is_json:
        session.console.json({"job_id": job, "shared": False})
    session.console.say(f"no link to {job} works any longer")


def fonts(session: Session) -> None:
    """List the presets and fonts of captions."""
    answer: Any = session.client.fonts()
    if session.console.is_json:
        session.console.json(answer)
        return
    rows = [
        (str(font.get("name") or font.get("family")), str(font.get("source", "")), " ".join(font.get("scripts", ())))
        for font in answer.get("fonts", ())
    ]
    session.console.table(("FONT", "SOURCE", "SCRIPTS"), rows)
    presets = [str(entry.get("name") if isinstance(entry, dict) else entry) for entry in answer.get("presets", ())]
    session.console.say(f"presets: {', '.join(presets)}")


def seconds_of(text: str) -> int:
    """Return the seconds of "90", "2h" or "7d". Raises Stop."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].lower() in units else (text, "s")
    try:
        seconds = int(float(number) * units[unit])
    except (ValueError, OverflowError):
        seconds = 0
    if seconds <= 0:
        raise usage(f"{text}: give seconds, or a number with s, m, h or d")
    return seconds
