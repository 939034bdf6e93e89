"""Read jobs. The answer depends on what is stored, never on RunPod being up."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from contract.messages import JOB_ID
from lambda_api.domain.errors import NotFound, Unavailable
from lambda_api.domain.job import Job, State
from lambda_api.domain.job_view import JobView, view
from lambda_api.domain.keys import output_key
from lambda_api.usecases.services import Services

_JOB_ID = re.compile(JOB_ID)
_LOOK_AGAIN_MS = 250


@dataclass(frozen=True, slots=True)
class ViewPage:
    jobs: tuple[JobView, ...]
    cursor: str | None


def owned(services: Services, owner: str, job_id: str) -> Job:
    """The job, if it is this owner's. Somebody else's job is the same NotFound as none at all.

    Ids are made in small letters; spreadsheets and people write them in capital ones.
    """
    job_id = job_id.lower()
    job = services.store.get(job_id) if _JOB_ID.fullmatch(job_id) else None
    if job is None or job.owner != owner:
        raise NotFound("There is no such job.")
    return job


def show(services: Services, owner: str, job_id: str) -> JobView:
    return represent(services, owned(services, owner, job_id))


def list_jobs(services: Services, owner: str, limit: int, cursor: str | None) -> ViewPage:
    """One owner's jobs, newest first."""
    page = services.store.page(owner, limit, cursor)
    return ViewPage(tuple(represent(services, job) for job in page.jobs), page.cursor)


def represent(services: Services, job: Job) -> JobView:
    """The job with a freshly signed URL of its video, if there is one."""
    if job.state is not State.COMPLETED:
        return view(job, None, None)
    seconds = services.video_url_seconds
    url = services.objects.presign_get(output_key(job.job_id), seconds)
    return view(job, url, services.clock() + seconds * 1000)


def represent_anyway(services: Services, job: Job) -> tuple[JobView, bool]:
    """The job, and whether that is all of it: without credentials it is shown without the URL of its video."""
    try:
        return represent(services, job), True
    except Unavailable:
        return view(job, None, None), False


def wait_for(services: Services, job: Job, until: int) -> Job:
    """The job when it is over, or as it was last known at `until`, in milliseconds since the epoch. Raises nothing."""
    current = job
    while not current.terminal and (left_ms := until - services.clock()) > 0:
        services.sleep(min(_LOOK_AGAIN_MS, left_ms) / 1000)
        # It is stored: an answer that says otherwise would make the client submit it again.
        with suppress(Unavailable):
            current = services.store.get(job.job_id) or current
    return current
