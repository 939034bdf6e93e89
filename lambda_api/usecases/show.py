"""Read jobs. The answer depends on what is stored, never on RunPod being up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contract.messages import JOB_ID
from lambda_api.domain.errors import NotFound
from lambda_api.domain.job import Job, State
from lambda_api.domain.keys import output_key
from lambda_api.domain.view import JobView, view
from lambda_api.usecases.services import Services

_JOB_ID = re.compile(JOB_ID)


@dataclass(frozen=True, slots=True)
class ViewPage:
    jobs: tuple[JobView, ...]
    cursor: str | None


def owned(services: Services, owner: str, job_id: str) -> Job:
    """The job, if it is this owner's. Somebody else's job is the same NotFound as none at all."""
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


def wait_for(services: Services, job: Job, seconds: float) -> Job:
    """The job when it is over, or as it is after `seconds` (RFC 7240 `wait`)."""
    until = services.clock() + int(seconds * 1000)
    current = job
    while not current.terminal and services.clock() < until:
        services.sleep(0.25)
        current = services.store.get(job.job_id) or current
    return current
