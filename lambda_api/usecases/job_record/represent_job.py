"""Represent a job for its client, with links to its files."""

from __future__ import annotations

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job, State
from lambda_api.domain.keys import artifact_key
from lambda_api.domain.views.job_schema import JobView
from lambda_api.domain.views.job_view import FileLinks, job_view
from lambda_api.usecases.services import Services


def represent_job(services: Services, job: Job) -> JobView:
    """Return the job, with newly signed URLs of its files if it has any. Raises Unavailable without credentials."""
    if job.state is not State.COMPLETED:
        return job_view(job)
    return job_view(job, sign_links(services, job))


def sign_links(services: Services, job: Job) -> FileLinks:
    """Return links to the files of a completed job, which start to work now. Raises Unavailable."""
    seconds = services.video_url_seconds
    names = [stored.name for stored in job.artifacts]
    # Only the main file has a name that the client chose.
    saved_as = {job.operation.main_artifact().name: job.operation.download_name()}
    urls = {
        name: services.objects.presign_get(artifact_key(job.job_id, name), seconds, saved_as=saved_as.get(name))
        for name in names
    }
    return FileLinks(urls, services.clock() + seconds * 1000)


def represent_or_partial(services: Services, job: Job) -> tuple[JobView, bool]:
    """Return the job, and True if it is complete; without credentials to sign with, it lacks the URLs of its files."""
    try:
        return represent_job(services, job), True
    except Unavailable:
        return job_view(job), False
