"""Actions on a job, as flows that both kinds of handle run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from api_gpu.core import jobs
from api_gpu.core.calls import call
from api_gpu.core.context import Context
from api_gpu.core.downloads import OnDownload, download, find_artifact, target_path
from api_gpu.core.effects import Flow, Gather
from api_gpu.core.jobs import Data, quoted
from api_gpu.errors import WaitTimeout
from api_gpu.job_data import JobData, has_finished

FILES_AT_ONCE = 4


def refresh(context: Context, job: JobData) -> Flow[None]:
    """Read the job."""
    job._take((yield from jobs.read(context, job.id)))


def wait(
    context: Context,
    job: JobData,
    timeout: float | None,
    on_progress: Callable[[], object] | None,
    *,
    is_new: bool = False,
) -> Flow[None]:
    """Read the job until it has finished. `is_new` starts with what is known of it. Raises WaitTimeout."""
    known: object = None

    def seen(data: Data) -> bool:
        nonlocal known
        job._take(data)
        change = (data.get("status"), data.get("progress"))
        if on_progress is not None and change != known:
            on_progress()
        known = change
        return has_finished(data)

    first = job._data if job._data is not None and (is_new or has_finished(job._data)) else None
    if not (yield from jobs.wait(context, job.id, timeout, seen, first=first)):
        raise WaitTimeout(job, timeout or 0)


def act(context: Context, job: JobData, action: str) -> Flow[None]:
    """Cancel a job, or deliver it again: `POST /job/{id}/{action}`."""
    job._take((yield from call(context, "POST", f"/job/{quoted(job.id)}/{action}")))


def share(context: Context, job: JobData, expires_in: float | None, artifact: str | None) -> Flow[dict[str, Any]]:
    """Make a link that needs no key: `url` and `expires_at`."""
    given = {"expires_in": None if expires_in is None else int(expires_in), "artifact": artifact}
    body = {name: value for name, value in given.items() if value is not None}
    return dict((yield from call(context, "POST", f"/job/{quoted(job.id)}/share", json=body)))


def unshare(context: Context, job: JobData) -> Flow[None]:
    """Revoke all links."""
    yield from call(context, "DELETE", f"/job/{quoted(job.id)}/share")


def deliveries(context: Context, job: JobData) -> Flow[list[dict[str, Any]]]:
    """Return the deliveries of a job's callbacks."""
    answer = yield from call(context, "GET", f"/job/{quoted(job.id)}/deliveries")
    return list(answer.get("deliveries") or ())


def save(
    context: Context, job: JobData, name: str | None, path: str | Path | None, report: OnDownload | None
) -> Flow[Path]:
    """Save a file of a finished job."""
    data = yield from _finished(context, job)
    return (yield from download(context, data, name, path, report))


def save_all(context: Context, job: JobData, folder: str | Path, report: OnDownload | None) -> Flow[list[Path]]:
    """Save all files of a finished job into a folder, under their names."""
    data = yield from _finished(context, job)
    find_artifact(data, None)
    names = [str(entry["name"]) for entry in data["artifacts"]]
    flows = [download(context, data, name, target_path(f"{folder}/", name), report) for name in names]
    return list((yield Gather(flows, FILES_AT_ONCE)))


def _finished(context: Context, job: JobData) -> Flow[Data]:
    """Return a job as it is, read again if it was not finished. Raises JobFailed if it failed."""
    if job._data is None or not has_finished(job._data):
        yield from refresh(context, job)
    job.raise_for_status()
    return job.data
