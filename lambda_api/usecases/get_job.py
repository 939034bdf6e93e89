"""Read jobs. The response depends on what is stored, never on RunPod being up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.job_query import ANY, JobQuery
from lambda_api.domain.views.job_schema import JobView
from lambda_api.usecases.job_record.find_owned_job import find_owned_job
from lambda_api.usecases.job_record.represent_job import represent_job
from lambda_api.usecases.services import Services

_POLL_MS = 250


@dataclass(frozen=True, slots=True)
class ViewPage:
    jobs: tuple[JobView, ...]
    cursor: str | None


def get_job(services: Services, owner: str, job_id: str) -> JobView:
    """Return one job of its owner. Raises NotFound, Unavailable."""
    return represent_job(services, find_owned_job(services, owner, job_id))


def list_jobs(services: Services, owner: str, limit: int, cursor: str | None, query: JobQuery = ANY) -> ViewPage:
    """Return one owner's jobs that match, newest first. Raises InvalidRequest for a foreign cursor, Unavailable."""
    page = services.store.page(owner, limit, cursor, query)
    return ViewPage(tuple(represent_job(services, job) for job in page.jobs), page.cursor)


def wait_for_job(services: Services, job: Job, until: int) -> Job:
    """Return the job when it has finished, or as last read at `until` (milliseconds since the epoch). Raises nothing.

    Reads it every 250 ms.
    """
    current = job
    while not current.is_terminal and (left_ms := until - services.clock()) > 0:
        services.sleep(min(_POLL_MS, left_ms) / 1000)
        # The job is stored: after an error response the client would submit it again.
        with suppress(Unavailable):
            current = services.store.get(job.job_id) or current
    return current
