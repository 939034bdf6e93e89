"""Represent a job for its client, with a link to its video."""

from __future__ import annotations

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job, State
from lambda_api.domain.keys import output_key
from lambda_api.domain.views.job_view import JobView, job_view
from lambda_api.usecases.services import Services


def represent_job(services: Services, job: Job) -> JobView:
    """Return the job, with a newly signed URL of its video if it has one. Raises Unavailable without credentials."""
    if job.state is not State.COMPLETED:
        return job_view(job, None, None)
    seconds = services.video_url_seconds
    url = services.objects.presign_get(output_key(job.job_id), seconds)
    return job_view(job, url, services.clock() + seconds * 1000)


def represent_or_partial(services: Services, job: Job) -> tuple[JobView, bool]:
    """Return the job, and True if it is complete; without credentials to sign with, it lacks the URL of its video."""
    try:
        return represent_job(services, job), True
    except Unavailable:
        return job_view(job, None, None), False
